import type {
  AssistantMessage,
  ChatCompletionRequest,
  Choice,
  FinishReason,
  TokenLogprob,
} from "../../base/contract.ts";
import { invalidValue } from "../../base/errors.ts";
import { createHexId } from "../../base/id.ts";
import type { Included } from "../../run/agents.ts";

/** What is the same in every chunk of a stream, and how the client wants its answer. */
export interface AnswerHead {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** As the client sent it. */
  readonly model: string;
  readonly includeUsage: boolean;
  /** The client used the legacy `functions`, so it reads `function_call`. */
  readonly legacy: boolean;
  /** What the client wants to see besides the answer. */
  readonly include: ReadonlySet<Included>;
  /** Nothing of the call is kept, so what a model must get back with the results of its calls, only the client can keep. */
  readonly stateless: boolean;
}

export function createHead(
  body: ChatCompletionRequest,
  include: ReadonlySet<Included>,
  stateless: boolean,
): AnswerHead {
  return {
    id: `chatcmpl-${createHexId()}`,
    created: Math.floor(Date.now() / 1000),
    model: body.model,
    includeUsage: body.stream_options?.include_usage === true,
    legacy: body.functions !== undefined,
    include,
    stateless,
  };
}

/** Whoever asked for reasoning sees all of it; and a client that must give it back, lest its model refuse to go on. */
export function showsState({ tool_calls: calls }: AssistantMessage, { include, stateless }: AnswerHead): boolean {
  return include.has("reasoning") || (stateless && calls !== undefined);
}

/** The same, of an answer that calls a tool. */
export function mayShowState({ include, stateless }: AnswerHead): boolean {
  return include.has("reasoning") || stateless;
}

export function toFinishReason(reason: FinishReason, { legacy }: AnswerHead): FinishReason {
  return legacy && reason === "tool_calls" ? "function_call" : reason;
}

/** Null where none were asked for. */
export function toLogprobs(content: readonly TokenLogprob[] | undefined): Choice["logprobs"] {
  return content === undefined ? null : { content: [...content], refusal: null };
}

const header = "x-clawgate-include";
const words: readonly string[] = ["reasoning", "tools"] satisfies Included[];

const nothing: ReadonlySet<Included> = new Set();

/** What the agent shows by itself, and what the client asks for. Throws `invalid_value` for an unknown word. */
export function toInclude(text: string | undefined, always: readonly Included[]): ReadonlySet<Included> {
  if (text === undefined && always.length === 0) return nothing;
  const asked = (text ?? "").split(",").map((word) => word.trim().toLowerCase());
  const unknown = asked.find((word) => word !== "" && !isIncluded(word));
  if (unknown !== undefined) {
    throw invalidValue(header, `'${unknown.slice(0, 32)}'. Supported values are: ${words.join(", ")}`);
  }
  return new Set([...always, ...asked.filter(isIncluded)]);
}

function isIncluded(word: string): word is Included {
  return words.includes(word);
}
