import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { Failure, isObject, Skip } from "../expect.ts";
import { samplesMax, seeEachTime } from "../judge/samples.ts";
import { toText } from "../lens/stream.ts";
import { changeUsage } from "../self-test/edits/usage.ts";
import { toBody, toContent } from "./nonstream-reading.ts";
import { expectStream } from "./stream-reading.ts";
import { type Counts, toCounts, toUsage } from "./usage-reading.ts";

// Two answers of a model differ, and so do their counts: how many tokens a character costs stays the same.

/** Within the dearer mode; what is thought in secret is counted as well, and never twice the same. */
const spreadMax = 1.25;
/** Between the modes; below it are ends of text and other habits of counting. */
const factorMin = 1.5;
const charactersMin = 20;

export const usageModeCases = defineCases([
  {
    id: "USE-12",
    level: "SHOULD",
    requirement: "As much text costs as many `completion_tokens` in a stream as in a whole answer.",
    source:
      "vllm-project/vllm#8625, abetlen/llama-cpp-python#1498: streams are counted by something else than tokens, such as chunks, and a budget depends on how an answer is delivered",
    needs: ["usage"],
    limitMs: 60_000,
    finds: ["usage-zero"],
    faults: [
      {
        id: "usage-of-streams-in-characters",
        what: "The tokens of a stream are counted by its characters.",
        chunk: multiply(4),
      },
      {
        id: "usage-of-streams-halved",
        what: "A stream is counted by its chunks, each of which has two tokens.",
        chunk: multiply(0.5),
      },
      {
        id: "usage-of-answers-guessed",
        what: "A whole answer is counted by a guess, a stream by the model.",
        json: multiply(3),
      },
    ],
    async run(context) {
      const whole = await sample(() => askWhole(context));
      const streamed = await sample(() => askStreamed(context));
      const [low, high] = toMedian(whole) < toMedian(streamed) ? [whole, streamed] : [streamed, whole];
      const [most, least] = [low.at(-1) ?? 0, high[0] ?? 0];
      if (least === most || least < factorMin * most) return;
      if ((high.at(-1) ?? 0) > spreadMax * least)
        throw new Skip("what a character costs differs from answer to answer: the model says more than can be read");
      throw new Failure(
        "about as many completion_tokens for each character of a stream as of a whole answer",
        `${toShown(streamed)} in streams, ${toShown(whole)} in whole answers`,
      );
    },
  },
]);

const text = "one two three four five six seven eight nine ten eleven twelve";
const withUsage = { stream_options: { include_usage: true } };

function toQuestion(has: CaseContext["has"]): string {
  return has("fixture") ? "@@words 12" : `Reply with these words and nothing else: ${text}`;
}

async function sample(ask: () => Promise<number>): Promise<number[]> {
  return (await seeEachTime(samplesMax, ask)).toSorted((a, b) => a - b);
}

async function askWhole({ chat, say, has }: CaseContext): Promise<number> {
  const body = toBody(await chat(say(toQuestion(has))));
  const said = toContent(body);
  return toCost(typeof said === "string" ? said : "", body["usage"]);
}

async function askStreamed({ stream, say, has }: CaseContext): Promise<number> {
  const reading = expectStream(await stream(say(toQuestion(has), withUsage)), "a stream with include_usage");
  const usage = toUsage(reading);
  if (usage === undefined) throw new Skip("a stream has no usage, which USE-04 finds");
  return toCost(toText(reading), usage);
}

/** Tokens for each character that can be read; what was thought is not of them, where the server says how much it was. */
function toCost(said: string, usage: unknown): number {
  if (said.length < charactersMin) throw new Skip(`the model says too little to count by: ${said}`);
  return (toCounts(usage).completion_tokens - toThought(usage)) / said.length;
}

function toThought(usage: unknown): number {
  const details = isObject(usage) ? usage["completion_tokens_details"] : undefined;
  const thought = isObject(details) ? details["reasoning_tokens"] : undefined;
  return typeof thought === "number" ? thought : 0;
}

function toMedian(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function toShown(costs: readonly number[]): string {
  return costs.map((cost) => cost.toFixed(2)).join(", ");
}

function multiply(factor: number): (body: Record<string, unknown>) => Record<string, unknown> {
  return changeUsage((usage) => {
    const completion = Math.round(Number(usage["completion_tokens"]) * factor);
    const counts: Counts = {
      prompt_tokens: Number(usage["prompt_tokens"]),
      completion_tokens: completion,
      total_tokens: Number(usage["prompt_tokens"]) + completion,
    };
    return { ...usage, ...counts };
  });
}
