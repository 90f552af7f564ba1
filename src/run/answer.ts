import type { AssistantMessage, FinishReason, TokenLogprob, ToolCall, Usage } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import { loopTime } from "../base/loop-time.ts";
import { type OwnedMessage, withState } from "../base/model-state.ts";
import { toNamedCall } from "../base/tool-call.ts";
import type { CountedUsage, ModelDelta, ModelEnd, ModelRequest } from "../model/model.ts";
import { countInSlices, countPromptTokens, countTokens } from "../model/tokens.ts";

/** What one model call has given. */
export interface ModelAnswer {
  /** As the transcript keeps it, with all its tool calls. */
  readonly message: OwnedMessage;
  readonly reasoning: string;
  readonly logprobs: readonly TokenLogprob[] | undefined;
  readonly finishReason: FinishReason;
  readonly usage: Usage;
}

type AskedModel = Pick<ModelRequest, "messages" | "tools">;

interface CallDraft {
  readonly id: string;
  readonly kind: "function" | "custom";
  readonly name: string;
  readonly text: GrowingText;
}

/** Collects what a model says in one call. */
export class AnswerBuilder {
  readonly #text = new GrowingText();
  readonly #reasoning = new GrowingText();
  readonly #refusal = new GrowingText();
  readonly #calls: CallDraft[] = [];
  #logprobs: TokenLogprob[] | undefined;

  /** Throws `upstream_error` for arguments of no tool call. */
  add(event: ModelDelta): void {
    switch (event.type) {
      case "text-delta":
        this.#text.add(event.text);
        if (event.logprobs !== undefined) (this.#logprobs ??= []).push(...event.logprobs);
        return;
      case "reasoning-delta":
        this.#reasoning.add(event.text);
        return;
      case "refusal-delta":
        this.#refusal.add(event.text);
        return;
      case "tool-call-start":
        this.#calls[event.index] = { id: event.id, kind: event.kind, name: event.name, text: new GrowingText() };
        return;
      case "tool-call-delta": {
        const call = this.#calls[event.index];
        if (call === undefined) throw new GatewayError("upstream_error", "The model sent arguments for no tool call.");
        call.text.add(event.text);
        return;
      }
    }
  }

  /** The request is for the usage, where nobody has counted. */
  async finish({ finishReason, usage, state }: ModelEnd, request: AskedModel): Promise<ModelAnswer> {
    const message = this.#toMessage();
    const reasoning = this.#reasoning.toString();
    return {
      message: state === undefined ? message : withState(message, state, reasoning),
      reasoning,
      logprobs: this.#logprobs,
      finishReason,
      usage: toWholeUsage(usage) ?? completeUsage(usage, await estimateUsage(request, message, reasoning)),
    };
  }

  /**
   * What a call has cost that came to no answer, as far as one can tell: nothing where the model said nothing, unless it
   * was its caller who did not wait.
   */
  async estimate(request: AskedModel, counted: CountedUsage | undefined, isCut: boolean): Promise<number> {
    const estimated = await estimateUsage(request, this.#toMessage(), this.#reasoning.toString());
    const { total_tokens: total } = completeUsage(counted, estimated);
    return counted !== undefined || isCut || estimated.completion_tokens > 0 ? total : 0;
  }

  #toMessage(): AssistantMessage {
    return toMessage(this.#text.toString(), this.#refusal.toString(), this.#calls.map(toToolCall));
  }
}

export function toMessage(text: string, refusal: string, calls: readonly ToolCall[]): AssistantMessage {
  const silent = text === "" && (calls.length > 0 || refusal !== "");
  return {
    role: "assistant",
    content: silent ? null : text,
    refusal: refusal === "" ? null : refusal,
    ...(calls.length > 0 ? { tool_calls: [...calls] } : {}),
  };
}

function toToolCall({ id, kind, name, text }: CallDraft): ToolCall {
  return kind === "function"
    ? { id, type: "function", function: { name, arguments: text.toString() } }
    : { id, type: "custom", custom: { name, input: text.toString() } };
}

/** So many pieces are held by themselves before they become one string. */
const piecesMax = 1024;

/**
 * A text that grows piece by piece. `text += piece` keeps every piece and a node for each joint alive: 40 bytes and more
 * for a token of five letters. This keeps blocks of plain text.
 */
class GrowingText {
  #blocks: string[] | undefined;
  #pieces: string[] | undefined;

  add(piece: string): void {
    this.#pieces ??= [];
    if (this.#pieces.push(piece) < piecesMax) return;
    (this.#blocks ??= []).push(this.#pieces.join(""));
    this.#pieces = [];
  }

  toString(): string {
    return (this.#blocks?.join("") ?? "") + (this.#pieces?.join("") ?? "");
  }
}

export const noUsage: Usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/** A run pays for all its model calls. Details are there if any call had them. */
export function addUsage(left: Usage, right: Usage): Usage {
  const promptDetails = addCounts(left.prompt_tokens_details, right.prompt_tokens_details);
  const completionDetails = addCounts(left.completion_tokens_details, right.completion_tokens_details);
  return {
    prompt_tokens: left.prompt_tokens + right.prompt_tokens,
    completion_tokens: left.completion_tokens + right.completion_tokens,
    total_tokens: left.total_tokens + right.total_tokens,
    ...(promptDetails === undefined ? {} : { prompt_tokens_details: promptDetails }),
    ...(completionDetails === undefined ? {} : { completion_tokens_details: completionDetails }),
  };
}

function addCounts<T extends { readonly [name: string]: number | undefined }>(
  left: T | undefined,
  right: T | undefined,
): T | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  const sum: Record<string, number> = {};
  for (const counts of [left, right]) {
    for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + (count ?? 0);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has the names of both, and numbers
  return sum as T;
}

/** Undefined if a count is missing. */
function toWholeUsage(counted: CountedUsage | undefined): Usage | undefined {
  if (counted?.prompt_tokens === undefined || counted.completion_tokens === undefined) return undefined;
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total = prompt + completion } = counted;
  return { ...counted, prompt_tokens: prompt, completion_tokens: completion, total_tokens: total };
}

/** Each count that is missing is estimated by itself. */
function completeUsage(counted: CountedUsage | undefined, guess: Usage): Usage {
  const prompt = counted?.prompt_tokens ?? guess.prompt_tokens;
  const completion = counted?.completion_tokens ?? guess.completion_tokens;
  return { ...counted, prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

/** Stands in where a server counts nothing: the tokens of the prompt, and of everything that was said. */
export async function estimateUsage(
  { messages, tools }: AskedModel,
  { content, refusal, tool_calls: calls = [] }: AssistantMessage,
  reasoning: string,
): Promise<Usage> {
  const prompt = countPromptTokens(messages, tools) ?? (await countInTurns(countInSlices(messages, tools)));
  let completion = countTokens(reasoning) + countTokens(refusal ?? "");
  if (typeof content === "string") completion += countTokens(content);
  for (const call of calls) completion += countTokens(toNamedCall(call).text);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

/** With a turn of the event loop before each slice: to find out that it is long took as long as one. */
async function countInTurns(counting: Generator<undefined, number, undefined>): Promise<number> {
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- the others shall have a turn, which is what is waited for
    await loopTime.giveWay();
    const { done, value } = counting.next();
    if (done === true) return value;
  }
}
