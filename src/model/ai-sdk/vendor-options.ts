import type { JSONObject, LanguageModelV4ProviderTool, SharedV4ProviderOptions } from "@ai-sdk/provider";
import type { CustomTool } from "../../base/contract.ts";
import type { ModelSettings } from "../../base/settings.ts";
import { given } from "./given.ts";

export function toAnthropicOptions({ parallel_tool_calls, safety_identifier }: ModelSettings): SharedV4ProviderOptions {
  return {
    anthropic: {
      ...(parallel_tool_calls === false ? { disableParallelToolUse: true } : {}),
      ...(safety_identifier == null ? {} : { metadata: { userId: safety_identifier } }),
    },
  };
}

/** Thoughts are asked for only together with an effort: models that do not think refuse the question. */
export function toGoogleOptions({ reasoning_effort, service_tier }: ModelSettings): SharedV4ProviderOptions {
  const thinks = reasoning_effort != null && reasoning_effort !== "none";
  const tier = service_tier === "flex" || service_tier === "priority" ? service_tier : undefined;
  return {
    google: { ...(thinks ? { thinkingConfig: { includeThoughts: true } } : {}), ...given({ serviceTier: tier }) },
  };
}

export function toOpenAiOptions(settings: ModelSettings): SharedV4ProviderOptions {
  const { metadata, prompt_cache_options: cache, response_format: format, service_tier: tier } = settings;
  const strict = format?.type === "json_schema" ? (format.json_schema.strict ?? false) : undefined;
  const options = given({
    metadata,
    parallelToolCalls: settings.parallel_tool_calls,
    promptCacheKey: settings.prompt_cache_key,
    promptCacheOptions: cache == null ? undefined : given(cache),
    promptCacheRetention: settings.prompt_cache_retention,
    safetyIdentifier: settings.safety_identifier,
    // The package knows no other tiers and fails at them.
    serviceTier: tier === "scale" ? undefined : tier,
    strictJsonSchema: strict,
    textVerbosity: settings.verbosity,
  });
  // The conversation is kept here, in its session; the vendor's copy would be one that nobody can delete here.
  return { openai: { store: false, passThroughUnsupportedFiles: true, ...(options as JSONObject) } };
}

export function toCustomTool({ custom: { name, description, format } }: CustomTool): LanguageModelV4ProviderTool {
  const wire = format?.type === "grammar" ? { type: "grammar", ...format.grammar } : format;
  return { type: "provider", id: "openai.custom", name, args: given({ description, format: wire }) };
}
