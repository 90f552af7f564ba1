import { describe, expect } from "vitest";
import { z } from "zod";
import { z as z4 } from "zod/v4";
import { ask, rejection, sdks, test } from "./clients.fixture.ts";

const Event = z.object({
  name: z.string(),
  place: z.object({ city: z.string(), indoor: z.boolean() }),
  people: z.array(z.object({ name: z.string(), age: z.number().int().nullable() })),
  kind: z.enum(["party", "meeting"]),
});

const rawSchema = {
  type: "object",
  properties: { answer: { type: "string" }, count: { type: "integer", minimum: 3 } },
  required: ["answer", "count"],
  additionalProperties: false,
};
const rawFormat = {
  type: "json_schema" as const,
  json_schema: { name: "answer", strict: true, schema: rawSchema },
};

describe.each(sdks)("openai $major", (sdk) => {
  test("parse gives what the zod schema describes", async ({ connect }) => {
    const { helpers } = connect(sdk);
    const { choices } = await helpers.parse({
      ...ask("@@json the summer party"),
      response_format: sdk.zod.zodResponseFormat(Event, "event"),
    });
    const message = choices[0]?.message;
    expect(Event.parse(message?.parsed)).toEqual(message?.parsed);
    expect(message?.parsed).toEqual(JSON.parse(message?.content ?? ""));
    expect(message?.parsed?.name).toBe("the summer party");
  });

  test("parse gives what a raw JSON schema describes", async ({ connect }) => {
    const { helpers } = connect(sdk);
    const { choices } = await helpers.parse({ ...ask("@@json of course"), response_format: rawFormat });
    const message = choices[0]?.message;
    const Answer = z.object({ answer: z.literal("of course"), count: z.number().int().min(3) }).strict();
    expect(Answer.parse(message?.parsed)).toEqual(JSON.parse(message?.content ?? ""));
  });

  test("a streamed answer is parsed too, and once it is whole", async ({ connect }) => {
    const { helpers } = connect(sdk);
    const done: unknown[] = [];
    const stream = helpers
      .stream({ ...ask("@@json a fair"), response_format: sdk.zod.zodResponseFormat(Event, "event") })
      .on("content.done", ({ parsed }) => done.push(parsed));
    const message = (await stream.finalChatCompletion()).choices[0]?.message;
    expect(Event.parse(message?.parsed).name).toBe("a fair");
    expect(done).toEqual([message?.parsed]);
  });

  test("parse gives the arguments of a zod function", async ({ connect }) => {
    const { helpers } = connect(sdk);
    const tool = sdk.zod.zodFunction({ name: "find", parameters: z.object({ query: z.string() }) });
    const { choices } = await helpers.parse({ ...ask('@@tool find {"query":"x"}'), tools: [tool] });
    expect(choices[0]?.message.tool_calls?.[0]).toMatchObject({
      type: "function",
      function: { name: "find", parsed_arguments: { query: "x" } },
    });
  });

  test("runTools gives a zod function its arguments, parsed", async ({ connect }) => {
    const { helpers } = connect(sdk);
    const queries: string[] = [];
    const tool = sdk.zod.zodFunction({
      name: "find",
      description: "Finds it.",
      parameters: z.object({ query: z.string() }),
      function: ({ query }) => {
        queries.push(query);
        return { found: query };
      },
    });
    const runner = helpers.runTools({ ...ask('@@tool find {"query":"x"}', "@@then {result}"), tools: [tool] });
    expect(await runner.finalContent()).toBe('{"found":"x"}');
    expect(queries).toEqual(["x"]);
  });

  test.for([
    { title: "the token cap cuts", given: { max_completion_tokens: 2 }, error: "LengthFinishReasonError" as const },
    {
      title: "a filter cuts",
      given: ask("@@json x", "@@finish content_filter"),
      error: "ContentFilterFinishReasonError" as const,
    },
  ])("an answer that $title is not parsed, in either mode", async ({ given, error }, { connect }) => {
    const { helpers } = connect(sdk);
    const body = { ...ask("@@json of course"), response_format: sdk.zod.zodResponseFormat(Event, "event"), ...given };
    await rejection(helpers.parse(body), sdk.errors[error]);
    await rejection(helpers.stream(body).finalChatCompletion(), sdk.errors[error]);
  });
});

describe.each(sdks.filter(({ major }) => major >= 6))("openai $major", (sdk) => {
  test("parse gives what a schema of zod 4 describes", async ({ connect }) => {
    const { helpers } = connect(sdk);
    const Answer = z4.object({
      answer: z4.string(),
      value: z4.union([z4.object({ kind: z4.literal("a"), a: z4.int() }), z4.object({ kind: z4.literal("b") })]),
    });
    const { choices } = await helpers.parse({
      ...ask("@@json of course"),
      response_format: sdk.zod.zodResponseFormat(Answer, "answer"),
    });
    expect(Answer.parse(choices[0]?.message.parsed).answer).toBe("of course");
  });
});
