import { describe, expect, test } from "vitest";
import { onEnd } from "../end.fixture.ts";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { createTestSchema, programs } from "../postgres.fixture.ts";
import { say } from "../talk.fixture.ts";
import { connect, type TestSocket } from "./client.fixture.ts";

async function startTwo(): Promise<{ readonly a: TestGateway; readonly b: TestGateway }> {
  const { url, schema, remove } = await createTestSchema();
  onEnd(remove);
  const config = { sessions: { store: { postgres: { url, schema, connections: 4 } } } };
  return { a: await startTestGateway({ config }), b: await startTestGateway({ config }) };
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
