import { describe, expect } from "vitest";
import { ask, collect, sdks, test } from "./clients.fixture.ts";

describe.each(sdks)("openai $major", (sdk) => {
  test("an agent answers a plain call", async ({ connect }) => {
    const { client } = connect(sdk);
    const completion = await client.chat.completions.create(ask("@@echo hello, world"));
    expect(completion).toMatchObject({
      object: "chat.completion",
      model: "openclaw",
      choices: [
        { index: 0, finish_reason: "stop", message: { role: "assistant", content: "hello, world", refusal: null } },
      ],
    });
    expect(completion.choices).toHaveLength(1);
    expect(completion.id).toMatch(/^chatcmpl-/);
  });

  test("an iterated stream has one id and model, its role first, its words in order and one finish reason", async ({
    connect,
  }) => {
    const { client } = connect(sdk);
    const chunks = await collect(await client.chat.completions.create({ ...ask("@@words 5"), stream: true }));
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(new Set(chunks.map(({ model, object }) => `${object} ${model}`))).toEqual(
      new Set(["chat.completion.chunk openclaw"]),
    );
    expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: "assistant", content: "" });
    const deltas = chunks.map(({ choices }) => choices[0]?.delta.content).filter(Boolean);
    expect(deltas).toEqual(["word0 ", "word1 ", "word2 ", "word3 ", "word4"]);
    const reasons = chunks.map(({ choices }) => choices[0]?.finish_reason).filter((reason) => reason !== null);
    expect(reasons).toEqual(["stop"]);
    expect(chunks.at(-1)?.choices[0]).toMatchObject({ delta: {}, finish_reason: "stop" });
  });

  test.for([
    { given: "@@echo", want: "" },
    {
      given: '@@echo "a\\nb \\u2028 \\ud83d\\ude80 \\u0000 data: [DONE]"',
      want: "a\nb \u2028 \u{1f680} \0 data: [DONE]",
    },
    { given: "@@repeat 300000 é", want: "é".repeat(150_000) },
    { given: "@@count 5000", want: Array.from({ length: 5000 }, (_, at) => at).join(" ") },
  ])("$given says the same in both modes", async ({ given, want }, { connect }) => {
    const { client } = connect(sdk);
    const whole = await client.chat.completions.create(ask(given));
    const chunks = await collect(await client.chat.completions.create({ ...ask(given), stream: true }));
    expect(whole.choices[0]?.message.content).toBe(want);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(want);
  });

  test("withResponse gives the request id that the header and the data have", async ({ connect }) => {
    const { client } = connect(sdk);
    const whole = await client.chat.completions.create(ask("@@echo hi")).withResponse();
    expect(whole.request_id).toMatch(/^req_[0-9a-f]{24}$/);
    expect(whole.response.headers.get("x-request-id")).toBe(whole.request_id);
    expect(whole.data).toHaveProperty("_request_id", whole.request_id);
    const streamed = await client.chat.completions.create({ ...ask("@@echo hi"), stream: true }).withResponse();
    expect(streamed.request_id).toMatch(/^req_[0-9a-f]{24}$/);
    expect(streamed.request_id).not.toBe(whole.request_id);
    expect(await collect(streamed.data)).not.toEqual([]);
  });

  test("twenty calls at once each get their own answer", async ({ connect }) => {
    const { client, sent } = connect(sdk);
    const numbers = Array.from({ length: 20 }, (_, at) => at);
    const answers = await Promise.all(
      numbers.map(async (number) => {
        const lines = ["@@words 20 delay=1ms", `@@echo " answer ${number}"`];
        if (number % 2 === 0) return (await client.chat.completions.create(ask(...lines))).choices[0]?.message.content;
        const chunks = await collect(await client.chat.completions.create({ ...ask(...lines), stream: true }));
        return chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
      }),
    );
    expect(answers.map((answer) => answer?.split(" answer ")[1])).toEqual(numbers.map(String));
    expect(sent.count).toBe(20);
  });
});
