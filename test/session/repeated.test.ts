import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test as plain } from "vitest";
import { startTestGateway } from "../gateway.fixture.ts";
import { type Loss, startLossyProxy } from "../lossy.fixture.ts";
import { readRows } from "../rows.fixture.ts";
import { ask, collect, sdks, type SdkTest, test } from "../sdk/clients.fixture.ts";
import { say, seen, type Ask, untilLive } from "../talk.fixture.ts";

const again = { "x-stainless-retry-count": "1" };
const tools = [{ type: "function" as const, function: { name: "f", parameters: { type: "object" } } }];

/** What the client of a call got in the end, whichever mode it asked for. */
interface Got {
  readonly text: string;
  readonly calls: readonly string[];
  readonly replayed: string | null;
}

async function create({ client }: SdkTest, user: string, stream: boolean, ...lines: string[]): Promise<Got> {
  const body = { ...ask(...lines), user, tools };
  if (!stream) {
    const { data, response } = await client.chat.completions.create(body).withResponse();
    const message = data.choices[0]?.message;
    const calls = (message?.tool_calls ?? []).map((call) => ("function" in call ? call.function.arguments : ""));
    return { text: message?.content ?? "", calls, replayed: response.headers.get("x-clawgate-replayed") };
  }
  const { data, response } = await client.chat.completions.create({ ...body, stream }).withResponse();
  const deltas = (await collect(data)).map(({ choices: [choice] }) => choice?.delta);
  const pieces = deltas.map((delta) => delta?.tool_calls?.[0]?.function?.arguments ?? "").join("");
  return {
    text: deltas.map((delta) => delta?.content ?? "").join(""),
    calls: pieces === "" ? [] : [pieces],
    replayed: response.headers.get("x-clawgate-replayed"),
  };
}

const losses: readonly { readonly loss: Loss; readonly stream: boolean; readonly lines: readonly string[] }[] = [
  { loss: "at its first byte", stream: false, lines: ["@@echo a"] },
  { loss: "when it is whole", stream: false, lines: ["@@echo a"] },
  { loss: "when it is whole", stream: true, lines: ["@@echo a"] },
  { loss: "unseen, before it comes", stream: false, lines: ["@@delay 900ms", "@@echo a"] },
  { loss: "unseen, before it comes", stream: true, lines: ["@@delay 900ms", "@@echo a"] },
];

describe.concurrent.each(sdks)("openai $major, whose answer is lost", (sdk) => {
  test.for(losses)(
    "$loss (stream: $stream), gets it once more, and the session has one turn",
    async ({ loss, stream, lines }, { gateway, connect }) => {
      const proxy = await startLossyProxy(gateway.port, loss);
      const baseURL = `http://127.0.0.1:${proxy.port}/v1`;
      const started = connect(sdk, { ownFetch: true, client: { baseURL, maxRetries: 2 } });
      const user = `${sdk.major} ${loss} ${stream}`;
      expect(await create(started, user, stream, ...lines)).toEqual({ text: "a", calls: [], replayed: "true" });
      expect(proxy.lost).toBe(1);
      const question = `user: ${lines.join("\n")}`;
      expect(await seen(gateway, { body: { user } })).toEqual([question, "assistant: a", "user: @@messages"]);
    },
  );

  test.for([false, true])(
    "with the call of a tool (stream: %s) gets that once more",
    async (stream, { gateway, connect }) => {
      const proxy = await startLossyProxy(gateway.port, "when it is whole");
      const baseURL = `http://127.0.0.1:${proxy.port}/v1`;
      const started = connect(sdk, { ownFetch: true, client: { baseURL, maxRetries: 2 } });
      const user = `${sdk.major} tools ${stream}`;
      const got = await create(started, user, stream, '@@tool f {"a":1}', "@@then {result}");
      expect(got).toEqual({ text: "", calls: ['{"a":1}'], replayed: "true" });
      expect(readRows(gateway.stateFolder, `agent:main:openai-user:${user}`)).toHaveLength(2);
    },
  );

  test("at the first byte of a stream, which ends the run, has one turn as well", async ({ gateway, connect }) => {
    const proxy = await startLossyProxy(gateway.port, "at its first byte");
    const baseURL = `http://127.0.0.1:${proxy.port}/v1`;
    const started = connect(sdk, { ownFetch: true, client: { baseURL, maxRetries: 2 } });
    const user = `${sdk.major} cut`;
    const got = await create(started, user, true, "@@words 3 delay=100ms");
    expect(got).toEqual({ text: "word0 word1 word2", calls: [], replayed: null });
    expect(readRows(gateway.stateFolder, `agent:main:openai-user:${user}`)).toHaveLength(2);
  });
});

describe("a call", () => {
  const texts = async (gateway: Parameters<typeof seen>[0], one: Ask): Promise<string[]> =>
    (await seen(gateway, one)).filter((line) => line.startsWith("user: ")).slice(0, -1);
  const replayed = ({ headers }: { readonly headers: Headers }): string | null => headers.get("x-clawgate-replayed");

  test("that is asked again on purpose is a new turn", async ({ gateway }) => {
    const one: Ask = { body: { user: "on purpose" } };
    for (const _ of [1, 2]) expect(replayed(await say(gateway, "@@echo a", one))).toBeNull();
    expect(await texts(gateway, one)).toEqual(["user: @@echo a", "user: @@echo a"]);
  });

  test("that is sent again, and has never arrived before, is run", async ({ gateway }) => {
    const one: Ask = { body: { user: "late" } };
    expect(replayed(await say(gateway, "@@echo a", { ...one, headers: again }))).toBeNull();
    expect(await texts(gateway, one)).toEqual(["user: @@echo a"]);
  });

  test("that is sent again is not taken for an equal one that was answered before it", async ({ gateway }) => {
    const one: Ask = { body: { user: "equal" } };
    const question = "@@delay 200ms\n@@echo a";
    await say(gateway, question, one);
    // Asked anew, and cut off before there is a turn.
    const leaving = new AbortController();
    const lost = gateway.request("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "openclaw", messages: [{ role: "user", content: question }], user: "equal" }),
      signal: leaving.signal,
    });
    await untilLive(gateway, 1);
    leaving.abort();
    await expect(lost).rejects.toThrow(/abort/);
    expect(replayed(await say(gateway, question, { ...one, headers: again }))).toBeNull();
    expect(await texts(gateway, one)).toEqual([`user: ${question}`, `user: ${question}`]);
  });

  test.for([
    { what: "another question", said: "@@echo b", ask: {} },
    { what: "another setting", said: "@@echo a", ask: { body: { user: "other", temperature: 1 } } },
    { what: "a count that is none", said: "@@echo a", ask: { headers: { "x-stainless-retry-count": "yes" } } },
    { what: "the count 0", said: "@@echo a", ask: { headers: { "x-stainless-retry-count": "0" } } },
  ])("with $what is another one", async ({ said, ask: other }, { gateway }) => {
    const one: Ask = { body: { user: "other" } };
    await say(gateway, "@@echo a", one);
    const next = await say(gateway, said, { ...one, headers: again, ...other });
    expect(replayed(next)).toBeNull();
  });

  test("of another session with the same words is another one", async ({ gateway }) => {
    const headers = { "x-openclaw-session-key": "one" };
    await say(gateway, "@@echo a", { headers });
    expect(replayed(await say(gateway, "@@echo a", { headers: { ...headers, ...again } }))).toBe("true");
    const other = { ...again, "x-openclaw-session-key": "two" };
    expect(replayed(await say(gateway, "@@echo a", { headers: other }))).toBeNull();
  });

  test("that keeps nothing has nothing to give again", async ({ gateway }) => {
    for (const _ of [1, 2]) expect(replayed(await say(gateway, "@@echo a", { headers: again }))).toBeNull();
  });

  test("gets an answer again as often as it is lost, with the same counts, for no tokens", async ({ gateway }) => {
    const one: Ask = { body: { user: "often" } };
    const completion = async (headers: Record<string, string>): Promise<object> => {
      const body = { model: "openclaw", user: "often", messages: [{ role: "user", content: "@@echo a" }] };
      const { choices, usage } = (await (await gateway.chat(body, headers)).json()) as Record<string, unknown>;
      return { choices, usage };
    };
    const first = await completion({});
    const tokens = (): Promise<string[]> =>
      gateway.gateway.metrics
        .toText()
        .then((text) => text.split("\n").filter((line) => line.includes("tokens_total{")));
    const before = await tokens();
    for (const _ of [1, 2]) expect(await completion(again)).toEqual(first);
    expect(await tokens()).toEqual(before);
    expect(await texts(gateway, one)).toEqual(["user: @@echo a"]);
  });

  test("with an Idempotency-Key has nothing that is ignored", async ({ gateway }) => {
    const { headers } = await say(gateway, "hi", { headers: { "idempotency-key": "k" }, body: { store: true } });
    expect(headers.get("x-clawgate-ignored")).toBe("store");
  });
});

plain("an answer that was lost with its gateway is given by the next one", async () => {
  const stateFolder = mkdtempSync(join(tmpdir(), "clawgate-repeated-"));
  onTestFinished(() => rmSync(stateFolder, { recursive: true, force: true }));
  const one: Ask = { body: { user: "ada" } };
  const first = await startTestGateway({ stateFolder });
  await say(first, "@@echo a", one);
  await first.stop();
  const second = await startTestGateway({ stateFolder });
  const { text, headers } = await say(second, "@@echo a", { ...one, headers: again });
  expect([text, headers.get("x-clawgate-replayed")]).toEqual(["a", "true"]);
  expect(readRows(stateFolder, "agent:main:openai-user:ada")).toHaveLength(2);
});
