import type { AssistantMessage, Message, ToolCall } from "./contract.ts";

// What a model must get back unchanged with its own answer: its reasoning, signatures, encrypted items. It stands in the
// fields that Chat Completions of its vendors have for it, so that one form serves run, session and client.

export const stateFields = [
  "reasoning_content",
  "reasoning",
  "reasoning_details",
  "thinking_blocks",
  "extra_content",
] as const;
export type StateField = (typeof stateFields)[number];

export type ExtraContent = NonNullable<AssistantMessage["extra_content"]>;
export type ReasoningDetail = NonNullable<AssistantMessage["reasoning_details"]>[number];
type ReasoningField = "reasoning_content" | "reasoning";

/** What an answer carries besides what it says. */
export interface AnswerState {
  /** The field in which the server has sent its reasoning, and takes it back. */
  readonly reasoningField?: ReasoningField | undefined;
  readonly details?: readonly ReasoningDetail[] | undefined;
  readonly thinkingBlocks?: readonly ReasoningDetail[] | undefined;
  readonly extra?: ExtraContent | undefined;
  /** By the index of the call. */
  readonly callExtras?: ReadonlyMap<number, ExtraContent> | undefined;
}

/** An answer whose state belongs to one model, as `provider/model`, and goes back to no other. */
export type OwnedMessage = AssistantMessage & { readonly stateOf?: string };

/** Undefined for what a client tells without saying whose it is. */
export function toStateOwner(message: Message): string | undefined {
  return "stateOf" in message && typeof message.stateOf === "string" ? message.stateOf : undefined;
}

/** As the model reads it. */
export function withoutOwner(message: Message): Message {
  if (message.role !== "assistant") return message;
  const { stateOf: _, ...told }: OwnedMessage = message;
  return told;
}

export function hasState(message: AssistantMessage): boolean {
  return (
    stateFields.some((field) => message[field] != null) ||
    (message.tool_calls ?? []).some((call) => call.extra_content != null)
  );
}

/** The answer with its state. `reasoning` is all that the model has thought for it. */
export function withState(
  message: AssistantMessage,
  { reasoningField, details, thinkingBlocks: blocks, extra, callExtras }: AnswerState,
  reasoning: string,
): AssistantMessage {
  const { tool_calls: calls, ...said } = message;
  return {
    ...said,
    ...(calls == null ? {} : { tool_calls: calls.map((call, index) => withExtra(call, callExtras?.get(index))) }),
    ...(reasoningField === undefined ? {} : { [reasoningField]: reasoning }),
    ...(details === undefined || details.length === 0 ? {} : { reasoning_details: [...details] }),
    ...(blocks === undefined || blocks.length === 0 ? {} : { thinking_blocks: [...blocks] }),
    ...(extra === undefined ? {} : { extra_content: extra }),
  };
}

function withExtra<C extends ToolCall>(call: C, extra: ExtraContent | undefined): C {
  return extra === undefined ? call : { ...call, extra_content: extra };
}

export function withoutExtra(call: ToolCall): ToolCall {
  const { extra_content: _, ...told } = call;
  return told;
}

/** What may be shown of a message. */
export function withoutState(message: AssistantMessage): AssistantMessage {
  const { reasoning_content: _1, reasoning: _2, reasoning_details: _3, ...others } = message;
  const { thinking_blocks: _4, extra_content: _5, stateOf: _6, ...said }: OwnedMessage = others;
  return said.tool_calls == null ? said : { ...said, tool_calls: said.tool_calls.map(withoutExtra) };
}

/**
 * The conversation as one model may see it: without the state of others. What a client has told without saying whose it
 * is belongs to the agent's first model, which is the one that usually answers.
 */
export function keepOwnState(messages: readonly Message[], model: string, isFirst: boolean): readonly Message[] {
  if (!messages.some((message) => message.role === "assistant" && hasState(message))) return messages;
  return messages.map((message) => {
    if (message.role !== "assistant" || !hasState(message)) return message;
    const owner = toStateOwner(message);
    return owner === model || (owner === undefined && isFirst) ? message : withoutState(message);
  });
}

/** Under this key of `extra_content` a client is told whose state it is. */
const mark = "clawgate";

/** Whether a gateway behind this one has told it. */
export function isTold(extra: ExtraContent): boolean {
  return Object.hasOwn(extra, mark);
}

interface Mark {
  readonly model?: unknown;
  /** Set if the model does not want its reasoning under the name under which clients get it. */
  readonly reasoning?: unknown;
  /** What a gateway behind this one has written there. */
  readonly within?: unknown;
}

/** What a client gets of an answer's state, so that it can give it back. */
export interface ToldState {
  readonly reasoning_content?: string;
  readonly reasoning_details?: ReasoningDetail[];
  readonly thinking_blocks?: ReasoningDetail[];
  readonly extra_content?: ExtraContent;
}

export function toToldState(message: OwnedMessage): ToldState {
  const { reasoning_content, reasoning, reasoning_details, thinking_blocks, extra_content, stateOf } = message;
  if (!hasState(message)) return {};
  const thought = reasoning_content ?? reasoning;
  const own = { model: stateOf, ...(reasoning == null ? {} : { reasoning: "reasoning" }) };
  return {
    ...(thought == null ? {} : { reasoning_content: thought }),
    ...(reasoning_details == null ? {} : { reasoning_details }),
    ...(thinking_blocks == null ? {} : { thinking_blocks }),
    ...(stateOf === undefined ? {} : { extra_content: withMark(extra_content ?? {}, own) }),
  };
}

function withMark(extra: ExtraContent, own: Mark): ExtraContent {
  if (!Object.hasOwn(extra, mark)) return { ...extra, [mark]: own };
  return replaceMark(extra, { ...own, within: extra[mark] });
}

/** In its place: what comes back is compared byte for byte. */
function replaceMark(extra: ExtraContent, value: unknown): ExtraContent {
  return Object.fromEntries(Object.entries(extra).map(([key, old]) => [key, key === mark ? value : old]));
}

/** A message as a client tells it, made into what the run knows. Only the gateway's own mark says whose state it is. */
export function fromTold(message: AssistantMessage): AssistantMessage {
  // Most answers carry nothing, and a conversation has many.
  if (message.extra_content == null && !("stateOf" in message)) return message;
  const { stateOf: _, ...told }: OwnedMessage = message;
  const own = told.extra_content?.[mark] as Mark | null | undefined;
  if (typeof own?.model !== "string" || told.extra_content == null) return told;
  const { reasoning_content: thought, extra_content: extra, ...said } = told;
  const rest = "within" in own ? replaceMark(extra, own.within) : withoutMark(extra);
  const field: ReasoningField = own.reasoning === "reasoning" ? "reasoning" : "reasoning_content";
  const owned: OwnedMessage = {
    ...said,
    ...(thought == null ? {} : { [field]: thought }),
    ...(Object.keys(rest).length === 0 ? {} : { extra_content: rest }),
    stateOf: own.model,
  };
  return owned;
}

function withoutMark(extra: ExtraContent): ExtraContent {
  return Object.fromEntries(Object.entries(extra).filter(([key]) => key !== mark));
}
