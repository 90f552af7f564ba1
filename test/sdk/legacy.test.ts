import { describe, expect } from "vitest";
import { ask, collect, sdks, test } from "./clients.fixture.ts";

const functions = [{ name: "get_time", parameters: { type: "object", properties: { zone: { type: "string" } } } }];
const question = ask('@@tool get_time {"zone":"UTC"}', "@@then It is {result}.");

interface LegacyHelpers {
  runFunctions(body: object): { finalContent(): Promise<string | null> };
}

describe.each(sdks)("openai $major", (sdk) => {
  test.for([{ function_call: "auto" as const }, { function_call: { name: "get_time" } }])(
    "the legacy functions get a function_call in both modes, with $function_call",
    async ({ function_call }, { connect }) => {
      const { client } = connect(sdk);
      const body = { ...question, functions, function_call };
      const [choice] = (await client.chat.completions.create(body)).choices;
      expect(choice?.finish_reason).toBe("function_call");
      expect(choice?.message).toMatchObject({
        content: null,
        function_call: { name: "get_time", arguments: '{"zone":"UTC"}' },
      });
      expect(choice?.message).not.toHaveProperty("tool_calls");

      const chunks = await collect(await client.chat.completions.create({ ...body, stream: true }));
      const pieces = chunks
        .map(({ choices }) => choices[0]?.delta.function_call)
        .filter((piece) => piece !== undefined);
      expect(pieces.map((piece) => piece.name ?? "").join("")).toBe("get_time");
      expect(pieces.map((piece) => piece.arguments ?? "").join("")).toBe('{"zone":"UTC"}');
      expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("function_call");
    },
  );

  test("the result of a legacy function is answered", async ({ connect }) => {
    const { client } = connect(sdk);
    const [choice] = (await client.chat.completions.create({ ...question, functions })).choices;
    if (choice === undefined) throw new Error("no choice");
    const { choices } = await client.chat.completions.create({
      ...question,
      functions,
      messages: [...question.messages, choice.message, { role: "function", name: "get_time", content: "noon" }],
    });
    expect(choices[0]).toMatchObject({ finish_reason: "stop", message: { content: "It is noon." } });
  });

  test.runIf(sdk.major === 4)(
    "runFunctions, which only this major has, calls the function once",
    async ({ connect }) => {
      const { helpers, sent } = connect(sdk);
      const zones: string[] = [];
      const runner = (helpers as unknown as LegacyHelpers).runFunctions({
        ...question,
        functions: [
          {
            ...functions[0],
            description: "The time.",
            parse: JSON.parse,
            function: ({ zone }: { zone: string }) => {
              zones.push(zone);
              return "noon";
            },
          },
        ],
      });
      expect(await runner.finalContent()).toBe("It is noon.");
      expect(zones).toEqual(["UTC"]);
      expect(sent.count).toBe(2);
    },
  );

  test("function_call none makes no call", async ({ connect }) => {
    const { client } = connect(sdk);
    const body = { ...ask("@@echo no call", question.messages[0]?.content ?? ""), functions };
    const { choices } = await client.chat.completions.create({ ...body, function_call: "none" });
    expect(choices[0]).toMatchObject({ finish_reason: "stop", message: { content: "no call" } });
    expect(choices[0]?.message).not.toHaveProperty("function_call");
  });
});
