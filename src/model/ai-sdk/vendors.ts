import type { LanguageModelV4, LanguageModelV4ProviderTool, SharedV4ProviderOptions } from "@ai-sdk/provider";
import type {
  AnthropicProviderConfig,
  CustomTool,
  GoogleProviderConfig,
  ResponsesProviderConfig,
} from "../../base/contract.ts";
import type { ModelSettings } from "../../base/settings.ts";
import type { MessageFormName } from "../message-form.ts";
import type { Capabilities } from "../model.ts";
import { anthropicState, googleState, responsesState, type StateForm } from "./vendor-state.ts";
import { toCustomTool, toAnthropicOptions, toGoogleOptions, toOpenAiOptions } from "./vendor-options.ts";

export type AiSdkProviderConfig = AnthropicProviderConfig | GoogleProviderConfig | ResponsesProviderConfig;
export type AiSdkApi = AiSdkProviderConfig["api"];

/** What every package's `create…` function has in common. */
export type CreateSdk = (options: {
  readonly baseURL: string;
  readonly apiKey: string;
  readonly fetch: typeof globalThis.fetch;
}) => { languageModel(model: string): LanguageModelV4 };

/** One vendor, reached through its package of `@ai-sdk`. */
export interface Vendor {
  readonly package: string;
  /** The version of the package that is tested, as it stands in `package.json`. */
  readonly version: string;
  /** The name of its `CreateSdk` function. */
  readonly create: string;
  /** The package's own, repeated here: left alone, it would look into the environment first. */
  readonly baseUrl: string;
  /** Where its key goes, in lower case. */
  readonly keyHeader: string;
  readonly capabilities: Capabilities;
  readonly messageForm: MessageFormName;
  /** What its API has no word for, and this provider therefore does itself. */
  readonly lacks: ReadonlySet<"stop" | "parallel_tool_calls">;
  /** What its models must get back with their answers. */
  readonly state: StateForm;
  /** Settings that the packages have no common name for. */
  toOptions(settings: ModelSettings): SharedV4ProviderOptions;
  toCustomTool?(tool: CustomTool): LanguageModelV4ProviderTool;
}

export const vendors: Readonly<Record<AiSdkApi, Vendor>> = {
  "anthropic-messages": {
    package: "@ai-sdk/anthropic",
    version: "4.0.105",
    create: "createAnthropic",
    baseUrl: "https://api.anthropic.com/v1",
    keyHeader: "x-api-key",
    capabilities: {
      input: new Set(["image", "file"]),
      tools: new Set(["function"]),
      // Without a schema the Messages API has no form for JSON.
      responseFormats: new Set(["json_schema"]),
      logprobs: false,
    },
    messageForm: "anthropic",
    lacks: new Set(),
    state: anthropicState,
    toOptions: toAnthropicOptions,
  },
  "google-generative-ai": {
    package: "@ai-sdk/google",
    version: "4.0.121",
    create: "createGoogle",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta",
    keyHeader: "x-goog-api-key",
    capabilities: {
      input: new Set(["image", "audio", "file"]),
      tools: new Set(["function"]),
      responseFormats: new Set(["json_object", "json_schema"]),
      logprobs: false,
    },
    messageForm: "google",
    lacks: new Set(["parallel_tool_calls"]),
    state: googleState,
    toOptions: toGoogleOptions,
  },
  "openai-responses": {
    package: "@ai-sdk/openai",
    version: "4.0.118",
    create: "createOpenAI",
    baseUrl: "https://api.openai.com/v1",
    keyHeader: "authorization",
    capabilities: {
      input: new Set(["image", "file"]),
      tools: new Set(["function", "custom"]),
      responseFormats: new Set(["json_object", "json_schema"]),
      logprobs: false,
    },
    messageForm: "responses",
    lacks: new Set(["stop"]),
    state: responsesState,
    toOptions: toOpenAiOptions,
    toCustomTool,
  },
};
