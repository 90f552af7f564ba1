import { describe, expect, test } from "vitest";
import type { Message } from "../../src/base/contract.ts";
import { playSay } from "../../src/tool/mcp/scripted-server.fixture.ts";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { readRows } from "../rows.fixture.ts";
import { type Ask, say, toLine } from "../talk.fixture.ts";

/** The agent has a tool of its own, so that answers have steps that no client sees. */
async function start(): Promise<TestGateway> {
  const chatCompletions = { sessions: { chatIdHeaders: ["open-webui", "opencode", "x-chat"] } };
  return startTestGateway({
    config: {
      gateway: { http: { endpoints: { chatCompletions } } },
      mcp: { servers: { fixture: await playSay() } },
      agents: { list: [{ id: "main", default: true, tools: { fixture: ["*"] } }] },
    },
  });
}

const user = (content: unknown): object => ({ role: "user", content });
const assistant = (content: string | null): object => ({ role: "assistant", content });
const system = (content: string): object => ({ role: "system", content });
const chat = (id: string, header = "x-openwebui-chat-id"): Ask => ({ headers: { [header]: id } });
const look = user("@@messages");

/** What the model is shown for this list, the gateway's own steps included; not the instructions. */
async function shown(gateway: TestGateway, told: readonly object[], ask: Ask): Promise<string[]> {
  const { text, error } = await say(gateway, [...told, look], ask);
  expect(error).toBeUndefined();
  return (JSON.parse(text) as Message[]).map(toLine).slice(0, -1);
}

const lines = (told: readonly object[]): string[] =>
  (told as Message[]).filter(({ role }) => role !== "system").map(toLine);
const one = user("@@echo first");
const two = user("@@echo second");
const first = assistant("first");
const second = assistant("second");

describe("a client that names its chat tells the whole conversation", () => {
  const rows: readonly { readonly what: string; readonly told: readonly object[] }[] = [
    { what: "its first question, edited", told: [user("@@echo edited")] },
    { what: "its first question again", told: [one] },
    { what: "its first question in two messages", told: [user("@@echo"), user("first")] },
    { what: "its first question, edited and in parts", told: [user([{ type: "text", text: "@@echo other" }])] },
    { what: "the second question, edited", told: [one, first, user("@@echo 2nd")] },
    { what: "the second question again", told: [one, first, two] },
    { what: "an answer that the user edited", told: [one, assistant("FIRST"), two] },
    { what: "the end, its beginning cut off", told: [two, second] },
    { what: "the end, cut off within a turn", told: [second] },
    { what: "questions without their answers", told: [one, two] },
    { what: "the last question alone", told: [two] },
    { what: "a summary and the end", told: [user("So far: first."), assistant("Good."), two, second] },
    { what: "a summary alone", told: [user("So far: first, then second.")] },
    { what: "everything but the middle", told: [one, second] },
    { what: "everything", told: [one, first, two, second] },
    { what: "nothing but the next question", told: [] },
  ];
  test.each(rows)("$what is what the model sees", async ({ told }) => {
    const gateway = await start();
    await say(gateway, [one], chat("c"));
    await say(gateway, [one, first, two], chat("c"));
    expect(await shown(gateway, told, chat("c"))).toEqual(lines(told));
    expect(await shown(gateway, told, chat("c"))).toEqual(lines(told));
    // What is in force of the session is that list too, and what was taken back is superseded.
    const kept = readRows(gateway.stateFolder, "agent:main:openai-chat:c").filter((row) => !row.startsWith("-"));
    expect(kept.slice(0, -2)).toEqual(lines(told));
  });

  test.each(["x-openwebui-chat-id", "x-session-id", "x-session-affinity", "x-chat"])(
    "by any header that is configured: %s",
    async (header) => {
      const gateway = await start();
      await say(gateway, [user("@@echo the secret is 42")], chat("c", header));
      expect(await shown(gateway, [], chat("c", header))).toEqual([]);
    },
  );

  test("and a summary in the instructions stands beside it", async () => {
    const gateway = await start();
    await say(gateway, [one], chat("c"));
    const told = [system("So far: first."), user("@@echo third")];
    expect(await shown(gateway, told, chat("c"))).toEqual(lines(told));
  });

  test("and its side tasks change nothing", async () => {
    const gateway = await start();
    await say(gateway, [one], chat("c"));
    await say(gateway, [user("### Task:\nGenerate a concise, 3-5 word title.")], chat("c"));
    await say(gateway, [one], { headers: { "x-openwebui-chat-id": "c", "x-openwebui-task": "tags_generation" } });
    expect(readRows(gateway.stateFolder, "agent:main:openai-chat:c")).toEqual([
      "user: @@echo first",
      "assistant: first",
    ]);
  });

  test("except where it sends the results of tools alone, which are no conversation", async () => {
    const gateway = await start();
    const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }];
    const ask: Ask = { ...chat("c"), body: { tools } };
    const { message } = await say(gateway, "@@tool weather {}\n@@then It is {result}.", ask);
    const result = { role: "tool", tool_call_id: message.tool_calls?.[0]?.id, content: "cold" };
    expect((await say(gateway, [result], ask)).text).toBe("It is cold.");
  });

  test.each([
    { what: "user", ask: { body: { user: "ada" } } },
    { what: "a session key", ask: { headers: { "x-openclaw-session-key": "k" } } },
    {
      what: "a session key beside the chat",
      ask: { headers: { "x-openclaw-session-key": "k", "x-openwebui-chat-id": "c" } },
    },
  ])("while a call that names its session by $what may tell only what is new", async ({ ask }) => {
    const gateway = await start();
    await say(gateway, [one], ask);
    expect(await shown(gateway, [two], ask)).toEqual(lines([one, first, two]));
  });
});

const question = user('@@echo Let me look.\n\n\n@@tool fixture__say {"text":"hi\\n"}\n@@then It said: {result}');

/** One turn with a step of the gateway's own; what the client reads of it, and what the model sees of it. */
async function talkWithStep(gateway: TestGateway, ask: Ask): Promise<{ text: string; steps: string[] }> {
  const { text } = await say(gateway, [question], ask);
  const steps = await shown(gateway, [question, assistant(text)], ask);
  expect(steps.filter((line) => line.startsWith("tool: "))).toHaveLength(1);
  return { text, steps };
}

describe("the steps that no client sees", () => {
  const habits: readonly { readonly what: string; readonly retell: (text: string) => unknown }[] = [
    { what: "trims", retell: (text) => text.trim() },
    { what: "ends with a line end", retell: (text) => `${text}\n` },
    { what: "puts white space around", retell: (text) => ` \t\n${text}\n \n` },
    { what: "writes with CRLF", retell: (text) => text.replaceAll("\n", "\r\n") },
    { what: "writes with CR", retell: (text) => text.replaceAll("\n", "\r") },
    { what: "trims and writes with CRLF", retell: (text) => text.trim().replaceAll("\n", "\r\n") },
    { what: "sends in parts, with CRLF", retell: (text) => toHalves(text.replaceAll("\n", "\r\n")) },
  ];
  test.each(habits)("stay with an answer that its client $what", async ({ retell }) => {
    const gateway = await start();
    for (const ask of [chat("c"), { body: { user: "ada" } }]) {
      const { text, steps } = await talkWithStep(gateway, ask);
      const told = { role: "assistant", content: retell(text) };
      expect(await shown(gateway, [question, told], ask)).toEqual(steps);
    }
  });

  test("are gone with an answer that says something else", async () => {
    const gateway = await start();
    const { text } = await talkWithStep(gateway, chat("c"));
    const told = [question, assistant(text.replace("Let me", "Let  me"))];
    expect(await shown(gateway, told, chat("c"))).toEqual(lines(told));
  });

  const before = [one, first];
  const cuts: readonly { readonly what: string; readonly put: readonly object[] }[] = [
    { what: "cuts off what stood before", put: [] },
    { what: "puts a summary before", put: [user("So far: first."), assistant("Good.")] },
    { what: "edits what stood before", put: [one, assistant("FIRST")] },
    { what: "puts a summary in the instructions", put: [system("So far: first.")] },
  ];
  test.each(cuts)("stay with an answer whose client $what", async ({ put }) => {
    const gateway = await start();
    await say(gateway, [one], chat("c"));
    const { text } = await say(gateway, [...before, question], chat("c"));
    const told = [question, assistant(text)];
    const whole = await shown(gateway, [...before, ...told], chat("c"));
    const steps = whole.slice(before.length);
    expect(steps.length).toBeGreaterThan(told.length);
    expect(await shown(gateway, [...put, ...told], chat("c"))).toEqual([...lines(put), ...steps]);
    expect(await shown(gateway, [...put, ...told], chat("c"))).toEqual([...lines(put), ...steps]);
  });

  test("stay with an answer that a cut conversation begins with", async () => {
    const gateway = await start();
    const { text, steps } = await talkWithStep(gateway, chat("c"));
    expect(await shown(gateway, [assistant(text)], chat("c"))).toEqual(steps.slice(1));
  });

  test("do not come to an equal answer to another question", async () => {
    const gateway = await start();
    const { text } = await talkWithStep(gateway, chat("c"));
    const told = [user("And now?"), assistant(text)];
    expect(await shown(gateway, told, chat("c"))).toEqual(lines(told));
  });
});

function toHalves(text: string): object[] {
  const half = Math.floor(text.length / 2);
  return [text.slice(0, half), text.slice(half)].map((part) => ({ type: "text", text: part }));
}
