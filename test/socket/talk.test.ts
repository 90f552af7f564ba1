import { expect } from "vitest";
import { test } from "../gateway.fixture.ts";
import { connect, type TestSocket } from "./client.fixture.ts";

const readable = { params: { scopes: ["operator.read", "operator.write"] } };

const toTexts = (socket: TestSocket, runId: string): string[] =>
  socket.payloads("agent").flatMap((event) => {
    return event.runId === runId && event.stream === "assistant" ? [event.data.text ?? ""] : [];
  });

test("a run begun with chat.send is told as chat and agent events, and its turn is in the history", async ({
  gateway,
}) => {
  const socket = await connect(gateway);
  const sent = { sessionKey: "talk-1", message: "@@words 12 delay=15ms", idempotencyKey: "run-1" };
  expect(await socket.request("chat.send", sent)).toEqual({ runId: "run-1", status: "started" });
  const end = await socket.ended("run-1");
  expect(end).toMatchObject({ state: "final", sessionKey: "agent:main:talk-1", agentId: "main", stopReason: "stop" });
  const history = await socket.request("chat.history", { sessionKey: "talk-1" });
  expect(history.messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
  expect(history.messages[1]?.content).toEqual(end.state === "final" ? end.message.content : []);
  expect(history.sessionInfo).toMatchObject({ key: "agent:main:talk-1", hasActiveRun: false, activeRunIds: [] });
});

test("assistant events have all that was said and what is new of it, and so have the chat's deltas", async ({
  gateway,
}) => {
  const socket = await connect(gateway);
  const sent = { sessionKey: "talk-2", message: "@@words 30 delay=10ms", idempotencyKey: "run-2" };
  await socket.request("chat.send", sent);
  await socket.ended("run-2");
  const events = socket.payloads("agent").filter(({ stream }) => stream === "assistant");
  expect(events.length).toBeGreaterThan(2);
  let text = "";
  for (const { data } of events) {
    text += data.delta;
    expect(data.text).toBe(text);
  }
  const deltas = socket.payloads("chat").flatMap((event) => (event.state === "delta" ? [event] : []));
  expect(deltas.map(({ deltaText }) => deltaText)).toEqual(events.map(({ data }) => data.delta));
  expect(deltas.map(({ message }) => message?.content[0]?.text)).toEqual(toTexts(socket, "run-2"));
  expect(text).toMatch(/^word0 .* word29$/);
});

test("what is said beside a refusal is in the deltas, at the end and in the history the same", async ({ gateway }) => {
  const socket = await connect(gateway);
  const sent = {
    sessionKey: "talk-refusal",
    message: "@@echo Well,\n@@refuse not that.",
    idempotencyKey: "run-refusal",
  };
  await socket.request("chat.send", sent);
  const end = await socket.ended("run-refusal");
  const toJoined = (content: readonly { readonly text?: string }[] = []): string =>
    content.map(({ text }) => text).join("");
  const deltas = socket.payloads("chat").flatMap((event) => (event.state === "delta" ? [event.deltaText] : []));
  const { messages } = await socket.request("chat.history", { sessionKey: "talk-refusal" });
  expect(deltas.join("")).toBe("Well,not that.");
  expect(end.state === "final" && toJoined(end.message.content)).toBe("Well,not that.");
  expect(toJoined(messages[1]?.content)).toBe("Well,not that.");
});

test("the events of a run are counted from 1 without a hole, from its start to its end", async ({ gateway }) => {
  const socket = await connect(gateway);
  await socket.request("chat.send", { sessionKey: "talk-3", message: "@@words 5", idempotencyKey: "run-3" });
  await socket.ended("run-3");
  const events = [...socket.payloads("agent"), ...socket.payloads("chat")].toSorted(
    (one, other) => one.seq - other.seq,
  );
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(socket.payloads("agent").map(({ stream, data: { phase } }) => [stream, phase])).toEqual([
    ["lifecycle", "start"],
    ["assistant", undefined],
    ["lifecycle", "end"],
  ]);
});

test("a key that is sent again answers the same run, while it goes on and when it is over", async ({ gateway }) => {
  const socket = await connect(gateway);
  const sent = { sessionKey: "talk-4", message: "@@words 10 delay=20ms", idempotencyKey: "run-4" };
  expect(await socket.request("chat.send", sent)).toMatchObject({ status: "started" });
  expect(await socket.request("chat.send", sent)).toEqual({ runId: "run-4", status: "in_flight" });
  await socket.ended("run-4");
  const again = await connect(gateway);
  expect(await again.request("chat.send", sent)).toEqual({ runId: "run-4", status: "ok" });
  const { messages } = await socket.request("chat.history", { sessionKey: "talk-4" });
  expect(messages).toHaveLength(2);
  const other = await again.answer("chat.send", { ...sent, message: "something else" });
  expect(other.error).toMatchObject({ code: "INVALID_REQUEST", details: { code: "idempotency_conflict" } });
});

test("agent answers twice on one id: at once, and with what was said", async ({ gateway }) => {
  const socket = await connect(gateway);
  const params = {
    message: "@@echo Well.",
    sessionKey: "talk-5",
    idempotencyKey: "run-5",
    deliver: false,
    timeout: 600,
  };
  const id = socket.ask("agent", params);
  const answers = await socket.until(() => (socket.answers(id).length === 2 ? socket.answers(id) : undefined));
  expect(answers.map(({ payload }) => payload)).toMatchObject([
    { runId: "run-5", status: "accepted", sessionKey: "agent:main:talk-5" },
    {
      runId: "run-5",
      status: "ok",
      summary: "completed",
      result: {
        payloads: [{ text: "Well.", mediaUrl: null }],
        meta: { agentMeta: { provider: "embedded", model: "assistant" } },
      },
    },
  ]);
  const again = socket.ask("agent", params);
  const repeated = await socket.until(() => (socket.answers(again).length === 2 ? socket.answers(again) : undefined));
  expect(repeated[1]?.payload).toEqual(answers[1]?.payload);
});

test("agent without a session talks in the main one of the default agent, with its instructions", async ({
  gateway,
}) => {
  const socket = await connect(gateway);
  const params = {
    message: "@@instructions",
    extraSystemPrompt: "Be brief.",
    agentId: "beta",
    idempotencyKey: "run-6",
  };
  const id = socket.ask("agent", params);
  const { payload } = await socket.until(() => socket.answers(id)[1]);
  expect(payload).toMatchObject({ result: { payloads: [{ text: '["Be brief."]' }] } });
  expect(socket.answers(id)[0]?.payload).toMatchObject({ sessionKey: "agent:beta:main" });
});

test("agent.wait says how a run does, and waits no longer than it is told", async ({ gateway }) => {
  const socket = await connect(gateway);
  await socket.request("chat.send", { sessionKey: "talk-7", message: "@@hang", idempotencyKey: "run-7" });
  expect(await socket.request("agent.wait", { runId: "run-7", timeoutMs: 20 })).toMatchObject({ status: "timeout" });
  const wait = socket.ask("agent.wait", { runId: "run-7" });
  await socket.request("chat.abort", { sessionKey: "talk-7", runId: "run-7" });
  const { payload } = await socket.until(() => socket.answers(wait)[0]);
  expect(payload).toMatchObject({ runId: "run-7", status: "error", stopReason: "rpc" });
  await socket.request("chat.send", { sessionKey: "talk-7", message: "@@echo a", idempotencyKey: "run-7b" });
  expect(await socket.request("agent.wait", { runId: "run-7b" })).toMatchObject({ status: "ok" });
  const unknown = await socket.answer("agent.wait", { runId: "another's" });
  expect(unknown.error).toMatchObject({ code: "INVALID_REQUEST", details: { code: "run_not_found", param: "runId" } });
});

test("chat.abort ends a run, which is told with what it had said, and leaves no turn", async ({ gateway }) => {
  const socket = await connect(gateway);
  const run = { sessionKey: "talk-8", message: "@@echo So far.\n@@hang", idempotencyKey: "run-8" };
  const id = socket.ask("agent", run);
  await socket.until(() => toTexts(socket, "run-8")[0]);
  expect(await socket.request("chat.abort", { sessionKey: "talk-8" })).toEqual({
    ok: true,
    aborted: true,
    runIds: ["run-8"],
  });
  expect(await socket.ended("run-8")).toMatchObject({ state: "aborted", message: { content: [{ text: "So far." }] } });
  const { payload } = await socket.until(() => socket.answers(id)[1]);
  expect(payload).toMatchObject({ status: "error", summary: "aborted", result: { meta: { aborted: true } } });
  expect(await socket.request("chat.abort", { sessionKey: "talk-8" })).toMatchObject({ aborted: false, runIds: [] });
  const { messages } = await socket.request("chat.history", { sessionKey: "talk-8" });
  expect(messages).toEqual([]);
});

test("a run ends when the time is over that its client gave it", async ({ gateway }) => {
  const socket = await connect(gateway);
  const sent = { sessionKey: "talk-9", message: "@@hang", idempotencyKey: "run-9", timeoutMs: 50 };
  await socket.request("chat.send", sent);
  expect(await socket.ended("run-9")).toMatchObject({ state: "aborted" });
});

test("a run goes on when its connection closes, and who comes back sees what it had said and its end", async ({
  gateway,
}) => {
  const first = await connect(gateway);
  const sent = { sessionKey: "talk-10", message: "@@words 40 delay=15ms", idempotencyKey: "run-10" };
  await first.request("chat.send", sent);
  await first.until(() => toTexts(first, "run-10")[1]);
  first.socket.terminate();
  const second = await connect(gateway);
  const { inFlightRun, sessionInfo, messages } = await second.request("chat.history", { sessionKey: "talk-10" });
  expect(inFlightRun).toMatchObject({ runId: "run-10", text: expect.stringMatching(/^word0 word1/) });
  expect(sessionInfo).toMatchObject({ hasActiveRun: true, activeRunIds: ["run-10"], status: "running" });
  expect(messages).toEqual([]);
  expect(await second.ended("run-10")).toMatchObject({
    state: "final",
    message: { content: [{ text: expect.stringMatching(/^word0 .* word39$/) }] },
  });
});

test("two connections on one session see the same events in the same order, whoever began the run", async ({
  gateway,
}) => {
  const [one, other] = [await connect(gateway), await connect(gateway)];
  await other.request("chat.history", { sessionKey: "talk-11" });
  await one.request("chat.send", { sessionKey: "talk-11", message: "@@words 20 delay=5ms", idempotencyKey: "run-11" });
  await Promise.all([one.ended("run-11"), other.ended("run-11")]);
  const toPlain = (socket: TestSocket): unknown[] =>
    socket.told.filter(({ event }) => event !== "tick").map(({ event, payload }) => [event, payload]);
  expect(toPlain(other)).toEqual(toPlain(one));
});

test("a run that fails is told, and refused words are the gateway's", async ({ gateway }) => {
  const socket = await connect(gateway);
  const sent = { sessionKey: "talk-12", message: "@@fail code=upstream_timeout", idempotencyKey: "run-12" };
  const id = socket.ask("agent", sent);
  expect(await socket.ended("run-12")).toMatchObject({ state: "error", errorKind: "timeout" });
  const refused = await socket.until(() => socket.answers(id)[1]);
  expect(refused).toMatchObject({ ok: false, error: { code: "UNAVAILABLE", details: { code: "upstream_timeout" } } });
});

test("a run of the HTTP side is told to whoever follows its session, and its turn is one more", async ({ gateway }) => {
  const socket = await connect(gateway);
  await socket.request("chat.history", { sessionKey: "agent:main:openai-user:ada" });
  await gateway.chat({ model: "openclaw", user: "ada", messages: [{ role: "user", content: "@@echo From HTTP." }] });
  const end = await socket.until(() => socket.payloads("chat").find(({ state }) => state === "final"));
  expect(end).toMatchObject({
    sessionKey: "agent:main:openai-user:ada",
    message: { content: [{ text: "From HTTP." }] },
  });
});

test.for([
  ["an empty message", { message: " " }, "message"],
  ["an agent that is not there", { message: "a", agentId: "nobody" }, "agentId"],
  ["another agent than the session's", { message: "a", sessionKey: "agent:beta:x", agentId: "main" }, "agentId"],
  ["another key's session", { message: "a", sessionKey: "key:ci:agent:main:x" }, "sessionKey"],
  [
    "an attachment that is no image",
    { message: "a", attachments: [{ mimeType: "text/plain", content: "YQ==" }] },
    "attachments[0].mimeType",
  ],
  ["no run id", { message: "a", idempotencyKey: undefined }, "idempotencyKey"],
] as const)("%s is refused in words, and begins no run", async ([, fields, param], { gateway }) => {
  const socket = await connect(gateway, readable);
  const { ok, error } = await socket.answer("chat.send", {
    sessionKey: "talk-13",
    idempotencyKey: "run-13",
    ...fields,
  });
  expect({ ok, code: error?.code, param: error?.details?.["param"] }).toEqual({
    ok: false,
    code: "INVALID_REQUEST",
    param,
  });
  expect(socket.told).toEqual([]);
});
