import { describe, expect, test } from "vitest";
import { ask, type Client, rejection, sdks, startSdkTest } from "./clients.fixture.ts";
import { readRunMetrics, waitForLive } from "./runs.fixture.ts";

const user = "alice";
/** A session that is never given back is seen soon, and is no time-out of the test. */
const config = { sessions: { lane: { waitMs: 1000 } } };

/** The texts that the model sees in the session, before this question. */
async function readSession(client: Client): Promise<string[]> {
  const { choices } = await client.chat.completions.create({ ...ask("@@messages"), user });
  const messages = JSON.parse(choices[0]?.message.content ?? "") as { role: string; content: string }[];
  return messages.slice(0, -1).map(({ role, content }) => `${role}: ${content}`);
}

describe.each(sdks)("openai $major", (sdk) => {
  test("calls with the same user are one session, also when a client sends its whole history again", async () => {
    const { client } = await startSdkTest(sdk, { config });
    const first = ask("@@echo one");
    const { choices } = await client.chat.completions.create({ ...first, user });
    const answer = choices[0]?.message;
    if (answer === undefined) throw new Error("no answer");
    const history = [...first.messages, answer, ...ask("@@echo two").messages];
    await client.chat.completions.create({ model: "openclaw", messages: history, user });
    expect(await readSession(client)).toEqual([
      "user: @@echo one",
      "assistant: one",
      "user: @@echo two",
      "assistant: two",
    ]);
  });

  test.each([
    { given: ["@@fail code=upstream_error"], stream: false },
    { given: ["@@fail code=upstream_error"], stream: true },
    { given: ["@@fail code=upstream_error after=3"], stream: true },
    { given: ["@@unknown"], stream: true },
  ])(
    "a run that fails gives its session back and leaves no trace ($given, stream: $stream)",
    async ({ given, stream }) => {
      const { client, gateway } = await startSdkTest(sdk, { config });
      const attempt = (async () => {
        const answer = await client.chat.completions.create({ ...ask(...given), user, stream });
        if ("controller" in answer) for await (const chunk of answer) expect(chunk.choices).toHaveLength(1);
      })();
      await rejection(attempt, sdk.errors.APIError);
      expect(await readSession(client)).toEqual([]);
      expect(await readRunMetrics(gateway)).toEqual({ live: 0, completed: 1, failed: 1 });
    },
  );

  test.each([
    { given: ["@@hang"], stream: false },
    { given: ["@@delay 60s"], stream: true },
    { given: ["@@words 3", "@@hang"], stream: true },
  ])(
    "a run that is cancelled gives its session back and leaves no trace ($given, stream: $stream)",
    async ({ given, stream }) => {
      const { client, gateway } = await startSdkTest(sdk, { config });
      const controller = new AbortController();
      const attempt = client.chat.completions.create({ ...ask(...given), user, stream }, { signal: controller.signal });
      const settled = attempt.then(
        () => "stream",
        () => "aborted",
      );
      await waitForLive(gateway, 1);
      if (given[0] === "@@words 3") expect(await settled).toBe("stream");
      controller.abort();
      expect(await readSession(client)).toEqual([]);
      await settled;
      expect(await readRunMetrics(gateway)).toMatchObject({ live: 0, cancelled: 1 });
    },
  );
});
