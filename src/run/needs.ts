import type { Message, Tool, UserPart } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import type { Capabilities, InputKind, ModelSettings } from "../model/model.ts";

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
  const needs = history.flatMap((message) => toPartNeeds(message, sent));
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

function toPartNeeds(message: Message, sent: readonly Message[]): Need[] {
  if (message.role !== "user" || typeof message.content === "string") return [];
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
