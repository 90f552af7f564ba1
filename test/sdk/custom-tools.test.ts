import { describe, expect } from "vitest";
import { ask, collect, sdks, test } from "./clients.fixture.ts";

const tools = [{ type: "custom" as const, custom: { name: "shell", description: "Runs it." } }];
const question = ask("@@custom shell ls -la /tmp", "@@then It has {result}.");

describe.each(sdks)("openai $major", (sdk) => {
  test("a custom tool is called with its input, in both modes", async ({ connect }) => {
    const { client } = connect(sdk);
    const [choice] = (await client.chat.completions.create({ ...question, tools })).choices;
    expect(choice?.finish_reason).toBe("tool_calls");
    expect(choice?.message.tool_calls).toMatchObject([
      { type: "custom", custom: { name: "shell", input: "ls -la /tmp" } },
    ]);
    const chunks = await collect(await client.chat.completions.create({ ...question, tools, stream: true }));
    // The older majors have no type for it, and pass it on.
    const pieces = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []) as {
      custom: { name?: string; input: string };
    }[];
    expect(pieces.map(({ custom }) => custom.name ?? "").join("")).toBe("shell");
    expect(pieces.map(({ custom }) => custom.input).join("")).toBe("ls -la /tmp");
  });

  test("the result of a custom tool is answered", async ({ connect }) => {
    const { client } = connect(sdk);
    const [choice] = (await client.chat.completions.create({ ...question, tools })).choices;
    const call = choice?.message.tool_calls?.[0];
    if (choice === undefined || call === undefined) throw new Error("no call");
    const { choices } = await client.chat.completions.create({
      ...question,
      tools,
      messages: [...question.messages, choice.message, { role: "tool", tool_call_id: call.id, content: "three files" }],
    });
    expect(choices[0]).toMatchObject({ finish_reason: "stop", message: { content: "It has three files." } });
  });

  // Older ones know no custom tools in streams.
  test.runIf(sdk.major >= 7)("the stream helper makes one call of the pieces", async ({ connect }) => {
    const { helpers } = connect(sdk);
    const { choices } = await helpers.stream({ ...question, tools }).finalChatCompletion();
    expect(choices[0]?.message.tool_calls).toMatchObject([
      { type: "custom", custom: { name: "shell", input: "ls -la /tmp" } },
    ]);
  });
});
