import type { OpenAiProviderConfig } from "../../base/contract.ts";
import { type StateField, stateFields } from "../../base/model-state.ts";
import type { MessageFormName } from "../message-form.ts";
import type { Capabilities, InputKind, ResponseFormatKind } from "../model.ts";

/** What a server that speaks Chat Completions does otherwise than OpenAI. */
export interface Quirks {
  readonly maxTokensField: "max_completion_tokens" | "max_tokens";
  /** Without it, instructions go as one system message: many chat templates refuse a second one. */
  readonly supportsDeveloperRole: boolean;
  readonly supportsUsageInStreaming: boolean;
  readonly supportsStreaming: boolean;
  readonly supportsTools: boolean;
  readonly supportsCustomTools: boolean;
  readonly supportsLogprobs: boolean;
  readonly responseFormats: readonly ResponseFormatKind[];
  readonly input: readonly (InputKind | "text")[];
  /** Of the state that a client tells without saying whose it is, the fields that the server takes. */
  readonly replays: readonly StateField[];
  /** Whether an answer without reasoning is refused: of another model, or from before the model thought. */
  readonly requiresReasoningContent: boolean;
  /** The models that refuse a call without a signature of theirs. */
  readonly signed: RegExp | undefined;
  /** Undefined where the name of the model has to tell. */
  readonly messageForm: MessageFormName | undefined;
}

const openai: Quirks = {
  maxTokensField: "max_completion_tokens",
  supportsDeveloperRole: true,
  supportsUsageInStreaming: true,
  supportsStreaming: true,
  supportsTools: true,
  supportsCustomTools: true,
  supportsLogprobs: true,
  responseFormats: ["json_object", "json_schema"],
  input: ["text", "image", "audio", "file"],
  replays: [],
  requiresReasoningContent: false,
  signed: undefined,
  messageForm: "openai",
};

/** Model servers on one's own machine, and whatever is not known: they take the older names, and refuse what they cannot. */
const other: Quirks = {
  ...openai,
  maxTokensField: "max_tokens",
  supportsDeveloperRole: false,
  supportsCustomTools: false,
  input: ["text", "image"],
  replays: stateFields,
  messageForm: undefined,
};

const openRouter: Quirks = {
  ...other,
  input: ["text", "image", "audio", "file"],
  replays: ["reasoning", "reasoning_details"],
};
const groq: Quirks = {
  ...other,
  maxTokensField: "max_completion_tokens",
  supportsLogprobs: false,
  replays: ["reasoning"],
};
const deepSeek: Quirks = {
  ...other,
  responseFormats: ["json_object"],
  input: ["text"],
  replays: ["reasoning_content"],
  requiresReasoningContent: true,
};
const kimi: Quirks = { ...other, replays: ["reasoning_content"], requiresReasoningContent: true };
const gemini: Quirks = { ...other, replays: ["extra_content"], signed: /gemini-(?:[3-9]|\d\d)/ };
const mistral: Quirks = {
  ...other,
  supportsUsageInStreaming: false,
  supportsLogprobs: false,
  replays: [],
  messageForm: "mistral",
};

const vendors: readonly { readonly host: RegExp; readonly quirks: Quirks }[] = [
  { host: /^api\.openai\.com$/, quirks: openai },
  { host: /\.(?:openai\.azure\.com|services\.ai\.azure\.com|cognitiveservices\.azure\.com)$/, quirks: openai },
  { host: /^openrouter\.ai$/, quirks: openRouter },
  { host: /^api\.groq\.com$/, quirks: groq },
  { host: /^api\.deepseek\.com$/, quirks: deepSeek },
  { host: /^api\.mistral\.ai$/, quirks: mistral },
  { host: /^generativelanguage\.googleapis\.com$/, quirks: gemini },
  { host: /^api\.moonshot\.(?:ai|cn)$/, quirks: kimi },
];

/** Models keep their rules where others serve them. */
const families: readonly { readonly model: RegExp; readonly messageForm: MessageFormName }[] = [
  { model: /claude/i, messageForm: "anthropic" },
  { model: /mistral|mixtral|ministral|magistral|codestral|devstral|pixtral|voxtral/i, messageForm: "mistral" },
  { model: /gemini/i, messageForm: "google" },
  { model: /(?:^|\/)(?:gpt-(?!oss)|chatgpt|o\d)/i, messageForm: "openai" },
];

/** The quirks of a server by its address, overridden by what the configuration says. */
export function toQuirks(baseUrl: string, compat: OpenAiProviderConfig["compat"]): Quirks {
  const { hostname } = new URL(baseUrl);
  const known = vendors.find(({ host }) => host.test(hostname))?.quirks ?? other;
  return { ...known, ...compat };
}

/** Those of a server with one of its models. */
export interface ModelQuirks extends Quirks {
  readonly model: string;
  /** What a conversation has to look like. */
  readonly messageForm: MessageFormName;
}

export function toModelQuirks(quirks: Quirks, name: string): ModelQuirks {
  const messageForm = quirks.messageForm ?? families.find(({ model }) => model.test(name))?.messageForm ?? "any";
  return { ...quirks, model: name, messageForm };
}

export function toOpenAiCapabilities(
  quirks: Quirks,
  model: string,
  models: OpenAiProviderConfig["models"],
): Capabilities {
  const input = models?.find(({ id }) => id === model)?.input ?? quirks.input;
  return {
    input: new Set(input.filter((kind) => kind !== "text")),
    tools: new Set([
      ...(quirks.supportsTools ? (["function"] as const) : []),
      ...(quirks.supportsTools && quirks.supportsCustomTools ? (["custom"] as const) : []),
    ]),
    responseFormats: new Set(quirks.responseFormats),
    logprobs: quirks.supportsLogprobs,
  };
}
