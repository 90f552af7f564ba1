import { describe, expect } from "vitest";
import { ask, collect, sdks, test } from "./clients.fixture.ts";

const question = ask("@@refuse I must not");

describe.each(sdks)("openai $major", (sdk) => {
  test("a refusal is a message without content, in both modes", async ({ connect }) => {
    const { client } = connect(sdk);
    const whole = await client.chat.completions.create(question);
    expect(whole.choices[0]).toMatchObject({
      finish_reason: "stop",
      message: { role: "assistant", content: null, refusal: "I must not" },
    });
    const chunks = await collect(await client.chat.completions.create({ ...question, stream: true }));
    expect(chunks.map(({ choices }) => choices[0]?.delta.refusal ?? "").join("")).toBe("I must not");
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("");
  });

  test("the stream helper emits a refusal as it comes and once it is whole", async ({ connect }) => {
    const { helpers } = connect(sdk);
    const deltas: string[] = [];
    const done: string[] = [];
    const stream = helpers
      .stream(question)
      .on("refusal.delta", ({ delta }) => deltas.push(delta))
      .on("refusal.done", ({ refusal }) => done.push(refusal));
    const { choices } = await stream.finalChatCompletion();
    expect(choices[0]?.message.refusal).toBe("I must not");
    expect(deltas.length).toBeGreaterThan(1);
    expect(deltas.join("")).toBe("I must not");
    expect(done).toEqual(["I must not"]);
  });

  test("parse gives a refusal and nothing parsed", async ({ connect }) => {
    const { helpers } = connect(sdk);
    const { choices } = await helpers.parse({
      ...question,
      response_format: { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" } } },
    });
    expect(choices[0]?.message).toMatchObject({ parsed: null, content: null, refusal: "I must not" });
  });
});
