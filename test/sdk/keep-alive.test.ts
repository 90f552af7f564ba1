import { describe, expect, test } from "vitest";
import { createContractFetch } from "../wire/contract-fetch.ts";
import { ask, collect, sdks, startSdkTest } from "./clients.fixture.ts";

/** Keeps the text of every answer beside giving it to the client. */
function createRecordingFetch() {
  const texts: Promise<string>[] = [];
  const checked = createContractFetch();
  const recording: typeof fetch = async (input, init) => {
    const response = await checked(input, init);
    texts.push(response.clone().text());
    return response;
  };
  return { texts, recording };
}

// The agent thinks for several intervals, before its first word and between words.
const body = ask("@@think 500ms", "@@words 2 delay=400ms");

describe.concurrent.each(sdks)("openai $major", (sdk) => {
  test.each([
    { form: "comment", wire: /^: ping\n/gm },
    { form: "chunk", wire: /^data: .*"delta":\{"content":""\}/gm },
    { form: "off", wire: undefined },
  ])("a silent stream that is kept alive by $form is read as if it were not", async ({ form, wire }) => {
    const { texts, recording } = createRecordingFetch();
    const keepAlive = { form, intervalMs: 100 };
    const { client, helpers } = await startSdkTest(sdk, {
      config: { gateway: { http: { keepAlive } } },
      client: { fetch: recording },
    });
    const [chunks, completion] = await Promise.all([
      client.chat.completions.create({ ...body, stream: true }).then(collect),
      helpers.stream(body).finalChatCompletion(),
    ]);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("word0 word1");
    expect(completion.choices[0]?.message).toMatchObject({ role: "assistant", content: "word0 word1" });
    for (const text of await Promise.all(texts)) {
      if (wire === undefined) expect(text).not.toMatch(/^:/m);
      else expect(text.match(wire)?.length).toBeGreaterThanOrEqual(3);
    }
  });
});
