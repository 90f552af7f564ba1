import { describe, expect } from "vitest";
import { ask, collect, sdks, test } from "./clients.fixture.ts";

describe.each(sdks)("openai $major", (sdk) => {
  test.for([
    { given: ["@@words 20"], want: { completion_tokens: 59 } },
    {
      given: ["@@usage prompt=10 completion=5 cached=2 reasoning=1", "@@echo hi"],
      want: {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 15,
        prompt_tokens_details: { cached_tokens: 2 },
        completion_tokens_details: { reasoning_tokens: 1 },
      },
    },
  ])("the usage of $given is the same in every mode", async ({ given, want }, { connect }) => {
    const { client, helpers } = connect(sdk);
    const body = ask(...given);
    const withUsage = { ...body, stream_options: { include_usage: true } };
    const { usage } = await client.chat.completions.create(body);
    expect(usage).toMatchObject(want);
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));

    const chunks = await collect(await client.chat.completions.create({ ...withUsage, stream: true }));
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage });
    expect(chunks.slice(0, -1).map((chunk) => chunk.usage)).toEqual(chunks.slice(1).map(() => null));

    const helper = helpers.stream(withUsage);
    expect((await helper.finalChatCompletion()).usage).toEqual(usage);
    const { prompt_tokens, completion_tokens, total_tokens } = usage ?? {};
    expect(await helper.totalUsage()).toMatchObject({ prompt_tokens, completion_tokens, total_tokens });
  });

  test.for([{ options: {} }, { options: { stream_options: { include_usage: false } } }])(
    "a stream with $options tells no usage",
    async ({ options }, { connect }) => {
      const { client } = connect(sdk);
      const chunks = await collect(
        await client.chat.completions.create({ ...ask("@@echo hi"), ...options, stream: true }),
      );
      expect(chunks.filter((chunk) => "usage" in chunk || chunk.choices.length !== 1)).toEqual([]);
    },
  );
});
