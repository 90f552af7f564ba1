import { expect, test } from "vitest";
import type { Message } from "../../src/base/contract.ts";
import { startTestGateway } from "../gateway.fixture.ts";
import { countRows, readRows } from "../rows.fixture.ts";
import { say, seen, toLine, type Ask } from "../talk.fixture.ts";

const ada: Ask = { body: { user: "ada" } };
const adaKey = "agent:main:openai-user:ada";
const user = (content: unknown): object => ({ role: "user", content });
const assistant = (content: unknown, more: object = {}): object => ({ role: "assistant", content, ...more });

test.each([false, true])("a client that resends its history is told no turn twice (stream: %s)", async (stream) => {
  const gateway = await startTestGateway();
  const ask: Ask = { body: { user: "ada", stream } };
  const history: object[] = [];
  for (const text of ["one", "two", "three"]) {
    history.push(user(`@@echo the answer to ${text}`));
    const { message } = await say(gateway, history, ask);
    history.push(message);
  }
  const want = ["one", "two", "three"].flatMap((text) => [
    `user: @@echo the answer to ${text}`,
    `assistant: the answer to ${text}`,
  ]);
  const { text } = await say(gateway, [...history, user("@@messages")], ask);
  expect((JSON.parse(text) as Message[]).map(toLine)).toEqual([...want, "user: @@messages"]);
  expect(readRows(gateway.stateFolder, adaKey)).toEqual([...want, "user: @@messages", `assistant: ${text}`]);
});

test("a client that sends only what is new is remembered, and may change its habit", async () => {
  const gateway = await startTestGateway();
  await say(gateway, "@@echo a", ada);
  await say(gateway, "@@echo b", ada);
  const whole = [user("@@echo a"), assistant("a"), user("@@echo b"), assistant("b"), user("@@echo c")];
  await say(gateway, whole, ada);
  const want = ["user: @@echo a", "assistant: a", "user: @@echo b", "assistant: b", "user: @@echo c", "assistant: c"];
  expect(await seen(gateway, ada)).toEqual([...want, "user: @@messages"]);
});

test("several new turns at once are appended in their order", async () => {
  const gateway = await startTestGateway();
  await say(gateway, "@@echo a", ada);
  await say(gateway, [user("first"), user("@@echo b")], ada);
  expect((await seen(gateway, ada)).slice(2)).toEqual([
    "user: first",
    "user: @@echo b",
    "assistant: b",
    "user: @@messages",
  ]);
});

const retold: readonly { readonly name: string; readonly question: object; readonly answer: object }[] = [
  {
    name: "contents in parts",
    question: user([
      { type: "text", text: "@@echo " },
      { type: "text", text: "yes" },
    ]),
    answer: assistant([{ type: "text", text: "yes" }]),
  },
  {
    name: "the keys that SDKs add",
    question: user("@@echo yes"),
    answer: assistant("yes", { refusal: null, annotations: [], audio: null, function_call: null, parsed: null }),
  },
  {
    name: "a system message in front and one between",
    question: user("@@echo yes"),
    answer: assistant("yes", { tool_calls: [] }),
  },
];
test.each(retold)("a history retold with $name is the same history", async ({ name, question, answer }) => {
  const gateway = await startTestGateway();
  await say(gateway, "@@echo yes", ada);
  const system = name.startsWith("a system") ? [{ role: "system", content: "Be kind." }] : [];
  const { text } = await say(gateway, [...system, question, answer, ...system, user("@@messages")], ada);
  expect(JSON.parse(text)).toHaveLength(3);
  const rows = readRows(gateway.stateFolder, adaKey);
  expect(rows.slice(0, 3)).toEqual(["user: @@echo yes", "assistant: yes", "user: @@messages"]);
  expect(rows).toHaveLength(4);
});

const diverging: readonly { readonly name: string; readonly sent: readonly object[]; readonly kept: number }[] = [
  {
    name: "an edited question",
    sent: [user("@@echo a"), assistant("a"), user("@@echo edited"), assistant("b"), user("@@echo now")],
    kept: 2,
  },
  {
    name: "an edited answer",
    sent: [user("@@echo a"), assistant("no"), user("@@echo now")],
    kept: 1,
  },
  {
    name: "a question asked again in place of the last",
    sent: [user("@@echo a"), assistant("a"), user("@@echo now")],
    kept: 2,
  },
  {
    name: "another beginning",
    sent: [user("hello"), assistant("b"), user("@@echo now")],
    kept: 0,
  },
];
test.each(diverging)(
  "with $name the client's history wins, and the abandoned turns stay on disk",
  async ({ sent, kept }) => {
    const gateway = await startTestGateway();
    await say(gateway, "@@echo a", ada);
    await say(gateway, "@@echo b", ada);
    const stored = ["user: @@echo a", "assistant: a", "user: @@echo b", "assistant: b"];
    await say(gateway, sent, ada);
    const lines = (sent as { role: string; content: string }[]).map(({ role, content }) => `${role}: ${content}`);
    expect(await seen(gateway, ada)).toEqual([...lines, "assistant: now", "user: @@messages"]);
    const rows = readRows(gateway.stateFolder, adaKey).slice(0, -2);
    const abandoned = stored.slice(kept).map((line) => `-${line}`);
    expect(rows).toEqual([...stored.slice(0, kept), ...abandoned, ...lines.slice(kept), "assistant: now"]);
  },
);

test("a history that a new session is given is kept as it is", async () => {
  const gateway = await startTestGateway();
  await say(gateway, [user("before"), assistant("yes, before"), user("@@echo now")], ada);
  const want = ["user: before", "assistant: yes, before", "user: @@echo now", "assistant: now", "user: @@messages"];
  expect(await seen(gateway, ada)).toEqual(want);
});

test("system and developer messages are of their call, and are not stored", async () => {
  const gateway = await startTestGateway();
  const told = [
    { role: "system", content: "Speak of boats." },
    { role: "developer", content: "Be brief." },
  ];
  const first = await say(gateway, [...told, user("@@instructions")], ada);
  expect(JSON.parse(first.text)).toEqual(["Speak of boats.", "Be brief."]);
  expect((await say(gateway, "@@instructions", ada)).text).toBe("[]");
  expect(readRows(gateway.stateFolder, adaKey).filter((row) => !/^(user|assistant): /.test(row))).toEqual([]);
  expect(countRows(gateway.stateFolder).messages).toBe(4);
});

test("whole and streamed calls share a session", async () => {
  const gateway = await startTestGateway();
  await say(gateway, "@@echo streamed", { body: { user: "ada", stream: true } });
  await say(gateway, "@@echo whole", ada);
  const want = ["user: @@echo streamed", "assistant: streamed", "user: @@echo whole", "assistant: whole"];
  expect(await seen(gateway, { body: { user: "ada", stream: true } })).toEqual([...want, "user: @@messages"]);
});
