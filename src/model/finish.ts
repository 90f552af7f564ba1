import type { FinishReason } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import type { CallAssembler } from "./call-assembler.ts";

/** What the last word of an answer means. `unknown` is a word that no vendor was seen to use. */
export type Ending = "stop" | "length" | "content_filter" | "tool_calls" | "failed" | "unknown";

/**
 * The words of all vendors and servers, in lower case and without what stands between their parts: OpenAI, Azure, Anthropic,
 * Bedrock, Gemini, Mistral, Cohere, DeepSeek, Zhipu, Moonshot, Qwen, watsonx, vLLM, SGLang, TGI, llama.cpp, Ollama, LM Studio.
 */
const words: Readonly<Record<Exclude<Ending, "unknown"> | "none", string>> = {
  stop: `stop end endturn stopsequence stopstring stopstringfound stoptoken stopword stopwords eos eosfound eostoken eot
    eottoken endoftext endofturn complete completed finish finished done normal success load`,
  // `pause_turn` and `compaction` (Anthropic), `continuation` (Gemini): it would go on if it were asked to.
  length: `length limit maxlength lengthlimit maxtokens maxtokensreached maxoutputtokens maxcompletiontokens maxnewtokens
    maxpredictedtokensreached outputlimit outputtokenlimit tokenlimit tokenlimitreached modellength contextlength
    contextlengthreached contextlengthexceeded contextwindow contextwindowexceeded modelcontextwindowexceeded errorlimit
    timelimit truncated incomplete outoftokens pauseturn compaction continuation`,
  content_filter: `contentfilter contentfiltered filter filtered filteredcontent safety sensitive moderation refusal refused
    blocked blocklist prohibitedcontent recitation spii language guardrail guardrails guardrailintervened errortoxic
    imagesafety imageprohibitedcontent imagerecitation modelarmor`,
  tool_calls: "toolcalls toolcall tooluse functioncall functioncalls",
  failed: `error errored fail failed failure exception abort aborted cancel canceled cancelled usercancel usercancelled
    userstopped interrupted timeout timedout insufficientsystemresource insufficientsystemresources networkerror servererror
    internalerror internalservererror overloaded serviceunavailable preempted modelunloaded unload other unexpectedtoolcall
    toomanytoolcalls malformedfunctioncall malformedtoolcall malformedtooluse malformedresponse malformedmodeloutput
    missingthoughtsignature noimage imageother`,
  // Written into pieces that are no end: DashScope's `null`, watsonx's `not_finished`, the first value of Gemini's list.
  none: "null none undefined unspecified notfinished unfinished inprogress running",
};

const toWords = (text: string): readonly string[] => text.split(/\s+/);

/** By what they mean; those of `none` end nothing. */
export const endingWords: Readonly<Record<Exclude<Ending, "unknown"> | "none", readonly string[]>> = {
  stop: toWords(words.stop),
  length: toWords(words.length),
  content_filter: toWords(words.content_filter),
  tool_calls: toWords(words.tool_calls),
  failed: toWords(words.failed),
  none: toWords(words.none),
};

const endings: ReadonlyMap<string, Ending | undefined> = new Map(
  Object.entries(endingWords).flatMap(([ending, list]) =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys are those of the table above
    list.map((word): [string, Ending | undefined] => [word, ending === "none" ? undefined : (ending as Ending)]),
  ),
);

/**
 * What a reason is about that is in no table, by one of the words that it is made of; the first row counts that has one.
 * Gemini's compatible API writes `function_call_filter: UNEXPECTED_TOOL_CALL`, and every server has errors of its own.
 */
const hints: readonly (readonly [ending: Ending, words: ReadonlySet<string>])[] = [
  toHint(
    "failed",
    `error errors failed failure exception malformed unexpected invalid missing abort aborted cancel canceled cancelled
      interrupted timeout overloaded unavailable insufficient exhausted expired rate quota crash crashed internal
      disconnected killed evicted`,
  ),
  toHint(
    "content_filter",
    `filter filtered safety unsafe sensitive moderation moderated refusal refused blocked blocklist prohibited toxic toxicity
      harm harmful policy violation guardrail guardrails recitation copyright`,
  ),
  toHint("length", "length limit max maximum context truncated truncation budget"),
];

function toHint(ending: Ending, text: string): readonly [Ending, ReadonlySet<string>] {
  return [ending, new Set(text.split(/\s+/))];
}

function guess(reason: string): Ending {
  const parts = reason
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/);
  return hints.find(([, about]) => parts.some((part) => about.has(part)))?.[0] ?? "unknown";
}

/** `FINISH_REASON_STOP`, and `FinishReason.STOP` as Python prints it. */
const prefix = /^(?:finish|stop)reason(?=.)/;

/** Undefined for what ends nothing: some servers write an empty reason into every piece. */
export function toEnding(reason: unknown): Ending | undefined {
  if (typeof reason !== "string" || reason === "") return undefined;
  const read = reason.slice(0, wordLettersMax);
  const word = read.toLowerCase().replace(/[-_.:\s]+/g, "");
  const bare = word.replace(prefix, "");
  if (bare === "") return undefined;
  return endings.has(bare) ? endings.get(bare) : guess(read);
}

/** Longer than any word of the table. */
const wordLettersMax = 100;

/**
 * What the client is told, once everything was said. Servers say `stop` after tool calls, and `tool_calls` without any.
 * After an end that is no clean one, a call is left out whose arguments are not whole. Throws `upstream_error` if the
 * model has failed or has not said that it is done.
 */
export function settle(ending: Ending | undefined, calls: CallAssembler | undefined): FinishReason {
  if (ending === undefined) throw new GatewayError("upstream_error", "The model's answer broke off.");
  if (ending === "failed") throw new GatewayError("upstream_error", "The model provider failed.");
  if (ending === "length" || ending === "content_filter") {
    calls?.end("cut");
    return ending;
  }
  const lost = calls?.end(ending === "unknown" ? "unsure" : "clean") === true;
  if (lost) return "length";
  return calls !== undefined && calls.count > 0 ? "tool_calls" : "stop";
}
