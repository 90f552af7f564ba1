import { describe, expect, test } from "vitest";
import { onEnd } from "../end.fixture.ts";
import { startTestGateway } from "../gateway.fixture.ts";
import { createTestSchema, programs } from "../postgres.fixture.ts";
import { say } from "../talk.fixture.ts";
import { connect, type TestSocket } from "./client.fixture.ts";

async function startTwo() {
  const { url, schema, edit, remove } = await createTestSchema();
  onEnd(remove);
  const config = { sessions: { store: { postgres: { url, schema, connections: 4 } } } };
  return { a: await startTestGateway({ config }), b: await startTestGateway({ config }), edit };
}

/** What was told of a run, in its order; pieces of text that follow each other are one, however they were cut. */
function toStory(socket: TestSocket, runId: string): string[] {
  const story = [""];
  for (const { event, payload } of socket.told) {
    if (event === "agent" && payload.runId === runId) {
      const { stream, data } = payload;
      if (stream === "assistant") story[story.length - 1] += data.delta ?? "";
      else story.push(`${stream} ${data.phase}: `);
    }
    if (event === "chat" && payload.runId === runId && payload.state !== "delta") story.push(payload.state);
    if (event === "session.message" && payload.runId === runId)
      story.push(`${payload.message.role} ${payload.messageId} ${payload.messageSeq}`);
  }
  return story;
}

describe.skipIf(programs === undefined)("two gateways on one database", () => {
  test("tell of each other's runs, in the same order, with the same ids", async () => {
    const { a, b } = await startTwo();
    const [talker, here, there] = [await connect(a), await connect(a), await connect(b)];
    for (const socket of [here, there]) await socket.request("sessions.messages.subscribe", { key: "shared" });
    for (const idempotencyKey of ["one", "two"]) {
      const message = "@@words 12 delay=20ms";
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      await talker.request("chat.send", { sessionKey: "shared", message, idempotencyKey });
    }
    const isStored = (socket: TestSocket): true | undefined =>
      socket.payloads("session.message").filter(({ messageSeq }) => messageSeq !== undefined).length === 4
        ? true
        : undefined;
    await Promise.all([here, there].map((socket) => socket.until(() => isStored(socket))));
    // A run that waits is asked, and told so, while the other goes on: what is compared is each run by itself.
    for (const run of ["one", "two"]) {
      const [story = [], other] = [here, there].map((socket) => toStory(socket, run));
      expect(other).toEqual(story);
      expect(story).toHaveLength(7);
      expect(story[2]).toMatch(/^lifecycle start: word0 .* word11$/);
    }
    expect(await there.ended("two")).toMatchObject({ state: "final", sessionKey: "agent:main:shared" });
  });

  test.each([false, true])("tell of a call over HTTP that only one of them has (streamed: %s)", async (stream) => {
    const { a, b, edit } = await startTwo();
    const [here, there] = [await connect(a), await connect(b)];
    for (const socket of [here, there]) await socket.request("sessions.messages.subscribe", { key: "shared" });
    // Nobody follows this one, and of nobody's calls anything is written but their turns.
    await say(a, "@@echo alone", { headers: { "x-openclaw-session-key": "other" } });
    const headers = { "x-openclaw-session-key": "shared" };
    const runIds: string[] = [];
    for (const gateway of [a, b, a]) {
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      const answer = await say(gateway, "@@words 12 delay=20ms", { headers, body: { stream } });
      expect(answer).toMatchObject({ status: 200, finishReason: "stop" });
      runIds.push(answer.headers.get("x-openclaw-run-id") ?? "");
    }
    const count = (socket: TestSocket): true | undefined =>
      socket.payloads("session.message").filter(({ messageSeq }) => messageSeq !== undefined).length === 6 || undefined;
    await Promise.all([here, there].map((socket) => socket.until(() => count(socket))));
    expect(await edit("SELECT id FROM run ORDER BY number")).toEqual(
      [runIds[0], runIds[1], runIds[2]].map((id) => ({ id })),
    );
    for (const runId of runIds) {
      const [story = [], other] = [here, there].map((socket) => toStory(socket, runId));
      expect(other).toEqual(story);
      expect(story[1]).toMatch(/^lifecycle start: word0 .* word11$/);
      expect(story).toHaveLength(6);
    }
  });

  test("end each other's calls over HTTP, and tell how they failed", async () => {
    const { a, b } = await startTwo();
    const there = await connect(b);
    await there.request("sessions.messages.subscribe", { key: "shared" });
    const headers = { "x-openclaw-session-key": "shared" };
    const said = say(a, "@@words 2000 delay=20ms", { headers });
    const { runId } = await there.until(() => there.payloads("chat").find(({ state }) => state === "delta"));
    expect(await there.request("chat.abort", { sessionKey: "shared" })).toMatchObject({
      aborted: true,
      runIds: [runId],
    });
    expect((await said).error?.code).toBe("run_cancelled");
    expect(await there.ended(runId)).toMatchObject({ state: "aborted" });
    const failed = await say(a, "@@fail code=content_policy_violation", { headers });
    expect(failed.error).toBeDefined();
    await there.until(() => there.payloads("chat").find(({ state }) => state === "error"));
  });

  test("wait for each other's runs by the names that their client has given them", async () => {
    const { a, b } = await startTwo();
    const lost = await connect(a);
    const sent = { sessionKey: "lost", message: "@@words 30 delay=20ms", idempotencyKey: "named" };
    await lost.request("chat.send", sent);
    await lost.until(() => lost.payloads("chat")[0]);
    lost.socket.terminate();
    const found = await connect(b);
    expect(await found.request("agent.wait", { runId: "named" })).toMatchObject({ runId: "named", status: "ok" });
    const { messages } = await found.request("chat.history", { sessionKey: "lost" });
    expect(JSON.stringify(messages.at(-1))).toContain("word29");
  });

  test("who comes to the other one in the middle of a run gets the rest of it there, and can end it", async () => {
    const { a, b } = await startTwo();
    const talker = await connect(a);
    const sent = { sessionKey: "moved", message: "@@words 2000 delay=20ms", idempotencyKey: "long" };
    await talker.request("chat.send", sent);
    await talker.until(() => talker.payloads("chat")[2]);
    const moved = await connect(b);
    const { inFlightRun } = await moved.request("chat.history", { sessionKey: "moved" });
    expect(inFlightRun).toMatchObject({ runId: "long" });
    const first = await moved.until(() => moved.payloads("agent").find(({ stream }) => stream === "assistant"));
    expect(first.data.text).toMatch(/^word0 word1 word2/);
    expect(await moved.request("chat.send", sent)).toEqual({ runId: "long", status: "in_flight" });
    const abort = await moved.request("chat.abort", { sessionKey: "moved", runId: "long" });
    expect(abort).toEqual({ ok: true, aborted: true, runIds: ["long"] });
    expect(await moved.ended("long")).toMatchObject({ state: "aborted" });
    expect(await talker.ended("long")).toMatchObject({ state: "aborted" });
  });

  test("who subscribes to all sessions is told of those that only the other one has", async () => {
    const { a, b } = await startTwo();
    const watcher = await connect(b, { params: { scopes: ["operator.read"] } });
    await watcher.request("sessions.subscribe", {});
    const talker = await connect(a);
    await talker.request("chat.send", { sessionKey: "far", message: "@@echo Far.", idempotencyKey: "far-1" });
    expect(await watcher.ended("far-1")).toMatchObject({ message: { content: [{ text: "Far." }] } });
    await watcher.until(() =>
      watcher.payloads("sessions.changed").find(({ phase, runId }) => phase === "end" && runId === "far-1"),
    );
    // One that is nobody's business elsewhere is not told: it has no session.
    await say(a, "@@echo alone");
    expect(watcher.payloads("chat").every(({ runId }) => runId === "far-1")).toBe(true);
  });
});
