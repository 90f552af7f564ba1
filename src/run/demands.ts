import type { FinishReason, Message, Tool, UserPart } from "../base/contract.ts";
import { GatewayError, invalidValue } from "../base/errors.ts";
import type { ModelSettings } from "../base/settings.ts";
import { toToolName } from "../base/tool-call.ts";
import type { Capabilities, InputKind } from "../model/model.ts";

/** Something that a request asks of a model, and where the client has asked for it. */
export interface Need {
  readonly param: string;
  /** Completes "the agent's model …". */
  readonly unmet: string;
  readonly isMet: (capabilities: Capabilities) => boolean;
}

export interface Asked {
  /** As the client sent them. */
  readonly sent: readonly Message[];
  /** What the model shall see of the conversation. */
  readonly history: readonly Message[];
  readonly tools: readonly Tool[];
  readonly settings: ModelSettings;
}

/** What the model must be able to do. `response_format` is not among it: an agent may see to that itself. */
export function toNeeds({ sent, history, tools, settings }: Asked): Need[] {
  const needs: Need[] = [];
  // Of a conversation of words, which most are, nothing is made.
  for (const message of history) if (hasMedia(message)) needs.push(...toPartNeeds(message, sent));
  const custom = tools.findIndex(({ type }) => type === "custom");
  if (custom !== -1) needs.push(toToolNeed("custom", `tools[${custom}].type`, "takes no custom tools"));
  if (tools.some(({ type }) => type === "function")) needs.push(toToolNeed("function", "tools", "takes no tools"));
  if (settings.logprobs === true || settings.top_logprobs) {
    const param = settings.logprobs === true ? "logprobs" : "top_logprobs";
    needs.push({ param, unmet: "gives no log probabilities", isMet: ({ logprobs }) => logprobs });
  }
  return needs;
}

/** `unsupported_value` for the first need that is not met. */
export function findUnmet(needs: readonly Need[], capabilities: Capabilities): GatewayError | undefined {
  const need = needs.find(({ isMet }) => !isMet(capabilities));
  if (need === undefined) return undefined;
  const { param, unmet } = need;
  return new GatewayError("unsupported_value", `Unsupported value for '${param}': the agent's model ${unmet}.`, {
    param,
  });
}

type UserMessage = Extract<Message, { role: "user" }>;
type MediaMessage = UserMessage & { readonly content: readonly UserPart[] };

export function hasMedia(message: Message): message is MediaMessage {
  if (message.role !== "user" || typeof message.content === "string") return false;
  return message.content.some(({ type }) => type !== "text");
}

function toPartNeeds(message: MediaMessage, sent: readonly Message[]): Need[] {
  // Only here: to look up every message of a long conversation would take the square of its length.
  const place = sent.indexOf(message);
  return message.content.flatMap((part, index) => {
    const kind = kinds[part.type];
    if (kind === undefined) return [];
    // What the session remembers has no place in this request.
    const param = place === -1 ? "messages" : `messages[${place}].content[${index}]`;
    return [{ param, unmet: `takes no '${part.type}' parts`, isMet: ({ input }) => input.has(kind) }];
  });
}

const kinds: Readonly<Record<UserPart["type"], InputKind | undefined>> = {
  text: undefined,
  image_url: "image",
  input_audio: "audio",
  file: "file",
};

function toToolNeed(type: Tool["type"], param: string, unmet: string): Need {
  return { param, unmet, isMet: ({ tools }) => tools.has(type) };
}

/**
 * Every tool result that the client sends must answer a call that stands before it: bound to no call it would be text
 * from nowhere. Throws `invalid_value` with the place in the client's own list. One that only the session remembers is
 * not the client's to mend.
 */
export function assertToolResultsBound(history: readonly Message[], sent: readonly Message[]): void {
  if (!history.some(({ role }) => role === "tool")) return;
  const called = new Set<string>();
  for (const message of history) {
    if (message.role === "assistant") for (const { id } of message.tool_calls ?? []) called.add(id);
    if (message.role !== "tool" || called.has(message.tool_call_id)) continue;
    const { tool_call_id: id } = message;
    const place = sent.findIndex((one) => one.role === "tool" && one.tool_call_id === id);
    if (place === -1) continue;
    throw invalidValue(
      `messages[${place}].tool_call_id`,
      `no earlier assistant message has a tool call with the id '${id.slice(0, 64)}'`,
    );
  }
}

export interface Offer {
  readonly tools: readonly Tool[];
  readonly settings: ModelSettings;
}

/** A list of allowed tools becomes an offer of only these: that every model understands. */
export function narrowOffer({ tools, settings }: Offer): Offer {
  const { tool_choice: choice } = settings;
  const allowed = toAllowedNames(choice);
  if (allowed === undefined || typeof choice !== "object" || choice.type !== "allowed_tools")
    return { tools, settings };
  return {
    tools: tools.filter((tool) => allowed.has(toToolName(tool))),
    settings: { ...settings, tool_choice: choice.allowed_tools.mode },
  };
}

/** All that the model may call. Where that is nothing, servers refuse to be told how to choose. */
export function withOwnTools({ tools, settings }: Offer, own: readonly Tool[]): Offer {
  const offered = own.length === 0 ? tools : [...tools, ...own];
  if (offered.length > 0) return { tools: offered, settings };
  const { tool_choice: _, parallel_tool_calls: __, ...others } = settings;
  return { tools: offered, settings: others };
}

/** What still holds once a tool was called: a demand kept up would never let the model answer. */
export function relaxDemand(settings: ModelSettings): ModelSettings {
  const { tool_choice: choice } = settings;
  if (choice === undefined || choice === "none") return settings;
  if (typeof choice !== "object" || choice.type !== "allowed_tools") return { ...settings, tool_choice: "auto" };
  return { ...settings, tool_choice: { ...choice, allowed_tools: { ...choice.allowed_tools, mode: "auto" } } };
}

function toAllowedNames(choice: ModelSettings["tool_choice"]): ReadonlySet<unknown> | undefined {
  if (typeof choice !== "object" || choice.type !== "allowed_tools") return undefined;
  return new Set(choice.allowed_tools.tools.map(toAllowedName));
}

function toAllowedName(tool: Readonly<Record<string, unknown>>): unknown {
  const named = tool[String(tool["type"])];
  return typeof named === "object" && named !== null && "name" in named ? named.name : undefined;
}

/** Holds a model to what the client has asked for: SDKs act on a tool call without looking twice. */
export interface ChoiceGuard {
  /** False for a call that `parallel_tool_calls: false` has no room for. Throws `upstream_error` for a forbidden one. */
  admits(name: string): boolean;
  /** Throws `upstream_error` if a call was demanded and none came. */
  finish(reason: FinishReason): void;
}

/** A name that nobody knows is let through: the client's own loop can tell the model so, and often mends it. */
export function createChoiceGuard({ tools, settings }: Offer): ChoiceGuard {
  const { tool_choice: choice, parallel_tool_calls: parallel } = settings;
  const demanded = toDemandedName(choice);
  const allowed = toAllowedNames(choice);
  const forbidden = allowed && new Set(tools.map(toToolName).filter((name) => !allowed.has(name)));
  let calls = 0;
  return {
    admits(name) {
      if (choice === "none") throw fault("a tool although 'tool_choice' is 'none'");
      if (demanded !== undefined && name !== demanded)
        throw fault("another tool than the one that 'tool_choice' demands");
      if (forbidden?.has(name) === true) throw fault("a tool that 'tool_choice' does not allow");
      calls += 1;
      return calls === 1 || parallel !== false;
    },
    finish(reason) {
      const mustCall = choice === "required" || demanded !== undefined || isRequired(choice);
      if (!mustCall || calls > 0 || reason === "length" || reason === "content_filter") return;
      throw new GatewayError("upstream_error", "The model called no tool although 'tool_choice' demands it.");
    },
  };
}

function isRequired(choice: ModelSettings["tool_choice"]): boolean {
  return typeof choice === "object" && choice.type === "allowed_tools" && choice.allowed_tools.mode === "required";
}

function toDemandedName(choice: ModelSettings["tool_choice"]): string | undefined {
  if (typeof choice !== "object") return undefined;
  if (choice.type === "function") return choice.function.name;
  return choice.type === "custom" ? choice.custom.name : undefined;
}

function fault(what: string): GatewayError {
  return new GatewayError("upstream_error", `The model called ${what}.`);
}

/** Whether a message calls tools, or holds the result of a call. */
export function isToolTalk(message: Message): boolean {
  if (message.role !== "assistant") return message.role === "tool" || message.role === "function";
  return message.function_call != null || (message.tool_calls?.length ?? 0) > 0;
}
