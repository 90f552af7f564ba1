import type { CaseContext } from "../context.ts";
import { expectThat, Failure, show } from "../expect.ts";
import { checkGrammar, type GrammarRule } from "../lens/grammar.ts";
import type { Asked } from "../lens/grammar-view.ts";
import type { StreamReading } from "../lens/stream.ts";

/** Fails unless the answer is a stream that says something; nothing else can be seen on one that is not. */
export function expectStream(reading: StreamReading, what = "a stream"): StreamReading {
  const { answer, chunks } = reading;
  expectThat(
    answer.status === 200 && chunks.length > 0,
    `${what} of chunks, with status 200`,
    `${answer.status} ${answer.headers["content-type"] ?? ""} ${answer.text.slice(0, 200)}`,
  );
  return reading;
}

export async function readPlainStream({ plainStream }: CaseContext): Promise<StreamReading> {
  return expectStream(await plainStream());
}

/** Throws for the first rule that the stream breaks. */
export function expectGrammar(
  reading: StreamReading,
  asked: Asked,
  rules: readonly GrammarRule[],
  what?: string,
): void {
  const [first, ...more] = checkGrammar(reading, asked, rules);
  if (first === undefined) return;
  const others = more.length === 0 ? "" : `; broken as well: ${more.map(({ rule }) => rule).join(", ")}`;
  const where = what === undefined ? "" : ` (in ${what})`;
  throw new Failure(`${first.expected}${where}`, `${first.actual}${others}`);
}

/**
 * The rules on the plain stream and on the one with usage, whose last chunk is often made elsewhere. That a subject
 * refuses `stream_options` is a finding of other cases.
 */
export async function expectRules(context: CaseContext, ...rules: readonly GrammarRule[]): Promise<void> {
  expectGrammar(await readPlainStream(context), {}, rules);
  const withUsage = await context.plainStream({ usage: true });
  if (withUsage.answer.status !== 200) return;
  expectGrammar(expectStream(withUsage), { usage: true }, rules, "the stream with usage");
}

/** The rules on a forced tool call as well, where tools are called; whether one is, other cases say. */
export async function expectRulesOfCall(context: CaseContext, ...rules: readonly GrammarRule[]): Promise<void> {
  if (!context.has("tools")) return;
  const reading = await context.stream({
    ...context.say(context.has("fixture") ? '@@tool get_weather {"city":"Oslo"}' : "What is the weather in Oslo?"),
    ...forcedTool,
  });
  if (reading.answer.status === 200) expectGrammar(reading, {}, rules, "the stream of a tool call");
}

const forcedTool = {
  tools: [
    {
      type: "function",
      function: {
        name: "get_weather",
        description: "The weather in a city.",
        parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
      },
    },
  ],
  tool_choice: { type: "function", function: { name: "get_weather" } },
};

/** The lines of a stream as they came, without their ends. */
export function toLines({ answer }: StreamReading): string[] {
  return answer.text.split(/\r\n|\n|\r/);
}

const textKeys = /"content"\s*:\s*"(?!")/g;

/** When pieces came that brought text of the model, in milliseconds since the request was sent. */
export function toTextTimes({ answer: { reads } }: StreamReading, keys = textKeys): number[] {
  let received = "";
  let known = 0;
  const times: number[] = [];
  for (const { atMs, bytes } of reads) {
    received += bytes.toString("latin1");
    const lines = received.slice(0, received.lastIndexOf("\n") + 1);
    const count = lines.match(keys)?.length ?? 0;
    if (count > known) times.push(atMs);
    known = count;
  }
  return times;
}

/** How many of these times are apart from the one counted before: those of a steady stream are, however fast it is. */
export function countApart(times: readonly number[], gapMs = 20): number {
  let last = -Infinity;
  return times.filter((time) => {
    if (time - last < gapMs) return false;
    last = time;
    return true;
  }).length;
}

/** Waits for what an SDK makes of an answer; that it throws is a failure of the requirement. */
export async function expectSdkReads<T>(promise: Promise<T>, what: string): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw new Failure(`the SDK to read ${what}`, show(error));
  }
}
