import { describe, expect } from "vitest";
import { ask, type Client, rejection, sdks, startSdkTest, test } from "./clients.fixture.ts";

/** Reads a stream to its end and keeps what it read until it broke. */
function read(client: Client, ...lines: readonly string[]) {
  const words: string[] = [];
  const reasons: unknown[] = [];
  const ended = (async () => {
    for await (const { choices } of await client.chat.completions.create({ ...ask(...lines), stream: true })) {
      words.push(choices[0]?.delta.content ?? "");
      reasons.push(choices[0]?.finish_reason);
    }
  })();
  return { words, reasons, ended };
}

describe.each(sdks)("openai $major", (sdk) => {
  test.for([
    {
      given: '@@fail code=upstream_error after=3 message="the model broke"',
      want: { code: "upstream_error", type: "server_error" },
      says: /the model broke/,
    },
    {
      given: "@@fail code=rate_limit_exceeded after=3 retry-after=1",
      want: { code: "rate_limit_exceeded", type: "rate_limit_error" },
      says: /rate_limit_exceeded/,
    },
    { given: "@@cut after=3", want: { code: "upstream_error", type: "server_error" }, says: /broke off/ },
  ])("$given throws an APIError once its words are out", async ({ given, want, says }, { connect }) => {
    const { client, sent } = connect(sdk, { client: { maxRetries: 2 } });
    const { words, reasons, ended } = read(client, given);
    const error = await rejection(ended, sdk.errors.APIError);
    expect(error).toMatchObject(want);
    expect(error.message).toMatch(says);
    expect(words.join("")).toBe("word0 word1 word2");
    expect(new Set(reasons)).toEqual(new Set([null]));
    expect(sent.count).toBe(1);
  });

  test("the stream helper rejects when the stream breaks", async ({ connect }) => {
    const { helpers } = connect(sdk);
    const ends: string[] = [];
    const stream = helpers
      .stream(ask("@@cut after=3"))
      .on("error", ({ message }) => ends.push(message))
      .on("content.done", () => ends.push("content.done"))
      .on("end", () => ends.push("end"));
    const error = await rejection(stream.finalChatCompletion(), sdk.errors.APIError);
    expect(error).toMatchObject({ code: "upstream_error" });
    expect(ends).toEqual([error.message, "end"]);
  });

  test("a cut answer that is not streamed is an InternalServerError and no short answer", async ({ connect }) => {
    const { client } = connect(sdk);
    const attempt = client.chat.completions.create(ask("@@cut after=3"));
    expect(await rejection(attempt, sdk.errors.InternalServerError)).toMatchObject({
      status: 502,
      code: "upstream_error",
    });
  });

  test("a defect in mid-stream throws and tells nothing of it", async () => {
    const { client } = await startSdkTest(sdk, { expectErrors: true });
    const { ended } = read(client, "@@words 3", "@@crash secret of /home/x.ts");
    const error = await rejection(ended, sdk.errors.APIError);
    expect(error).toMatchObject({ code: "internal_error" });
    expect(JSON.stringify([error.message, error])).not.toContain("secret of");
  });

  test("a gateway that stops in mid-stream throws", async () => {
    const { client, gateway } = await startSdkTest(sdk, { config: { gateway: { drainMs: 50 } } });
    const stream = await client.chat.completions.create({ ...ask("@@words 3", "@@hang"), stream: true });
    const stopped = gateway.stop();
    const ended = (async () => {
      for await (const chunk of stream) expect(chunk.choices[0]?.finish_reason).toBe(null);
    })();
    expect(await rejection(ended, sdk.errors.APIError)).toMatchObject({ code: "shutting_down" });
    await stopped;
  });
});
