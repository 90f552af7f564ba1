import fc from "fast-check";
import { expect, test } from "vitest";
import { toRounds } from "../breadth.fixture.ts";
import { startTestGateway } from "../gateway.fixture.ts";
import { ask, question, toResult, weather } from "./replay.fixture.ts";
import type { Script } from "./servers/script.fixture.ts";
import { startUpstream, type UpstreamRequest } from "./servers/upstream.fixture.ts";

/** What a model may send and want back, of any shape. */
interface Given {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly callExtra: object | undefined;
}

/** As it comes off a wire: some values have no JSON of their own. */
function overTheWire<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

const objects = fc
  .dictionary(fc.oneof(fc.string(), fc.constantFrom("clawgate", "google", "within", "model", "text")), fc.jsonValue(), {
    minKeys: 1,
    maxKeys: 4,
  })
  .map(overTheWire)
  .filter((value) => Object.keys(value).length > 0);
const details = fc.array(
  fc.record(
    {
      type: fc.constantFrom("reasoning.text", "reasoning.summary", "reasoning.encrypted", "other"),
      text: fc.string(),
      signature: fc.oneof(fc.base64String(), fc.constant(null)),
      index: fc.nat(3),
      other: fc.jsonValue(),
    },
    { requiredKeys: ["type"] },
  ),
  { minLength: 1, maxLength: 4 },
);
const givens: fc.Arbitrary<Given> = fc
  .record({
    fields: fc.oneof(
      fc.record(
        {
          reasoning_content: fc.string(),
          reasoning_details: details,
          thinking_blocks: details,
          extra_content: objects,
        },
        { requiredKeys: [] },
      ),
      fc.record(
        { reasoning: fc.string(), reasoning_details: details, thinking_blocks: details, extra_content: objects },
        { requiredKeys: [] },
      ),
    ),
    callExtra: fc.option(objects, { nil: undefined }),
  })
  .map(overTheWire)
  .map(({ fields, callExtra }) => ({ fields, callExtra }));

const stateFields = ["reasoning_content", "reasoning", "reasoning_details", "thinking_blocks", "extra_content"];

/** What came back, in the same shape. */
function toReturned({ body }: UpstreamRequest): Given {
  const messages = body["messages"] as readonly Record<string, unknown>[];
  const answer = messages.find(({ role }) => role === "assistant") ?? {};
  const [call] = answer["tool_calls"] as readonly { readonly extra_content?: object }[];
  const entries = Object.entries(answer).filter(([name]) => stateFields.includes(name));
  return { fields: Object.fromEntries(entries), callExtra: call?.extra_content };
}

const ways = [
  { way: "in a session", kept: true },
  { way: "through a client", kept: false },
].flatMap((way) => [
  { ...way, mode: "whole", stream: false, asked: false },
  { ...way, mode: "streamed", stream: true, asked: false },
  { ...way, mode: "streamed with reasoning", stream: true, asked: true },
]);

test.each(ways)("what a model gives comes back as it was, $way, $mode", async ({ kept, stream, asked }) => {
  let given: Given = { fields: {}, callExtra: undefined };
  const call = { id: "call_1", name: "get_weather", args: { city: "Oslo" } };
  const upstream = await startUpstream("openai-chat", ({ body }): Script => {
    const messages = body["messages"] as readonly Record<string, unknown>[];
    if (messages.at(-1)?.["role"] === "tool") return [{ text: "It is 7 degrees." }];
    const extra = given.callExtra === undefined ? {} : { extra_content: given.callExtra };
    const wire = { index: 0, id: call.id, type: "function", function: { name: call.name, arguments: "{}" }, ...extra };
    return [{ delta: given.fields }, { delta: { tool_calls: [wire] } }, { finish: "tool_calls" }];
  });
  const gateway = await startTestGateway({
    config: {
      models: {
        providers: {
          lab: { api: "openai-completions", baseUrl: upstream.baseUrl, compat: { supportsStreaming: stream } },
        },
      },
      agents: { defaults: { model: "lab/m" } },
    },
  });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(givens, async (next) => {
      given = next;
      run += 1;
      const headers: Record<string, string> = {
        ...(kept ? { "x-openclaw-session-key": `run-${run}` } : {}),
        ...(asked ? { "x-clawgate-include": "reasoning" } : {}),
      };
      const first = await ask(gateway, { messages: [question], tools: [weather], stream }, headers);
      const messages = kept ? [toResult(first)] : [question, first, toResult(first)];
      await ask(gateway, { messages, tools: [weather], stream }, headers);
      const last = upstream.requests.at(-1);
      expect(last).toBeDefined();
      if (last !== undefined) expect(sorted(toReturned(last))).toBe(sorted(given));
    }),
    { numRuns: toRounds(60) },
  );
});

/** The fields of a message have no order; within a field each byte counts. */
function sorted({ fields, callExtra }: Given): string {
  const entries = Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([entries, callExtra]);
}
