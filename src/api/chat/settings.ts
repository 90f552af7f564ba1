import type { ChatCompletionRequest, Tool, ToolChoice } from "../../base/contract.ts";
import type { ModelSettings } from "../../model/model.ts";

const settingNames = [
  "frequency_penalty",
  "logit_bias",
  "logprobs",
  "metadata",
  "parallel_tool_calls",
  "prediction",
  "presence_penalty",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
  "reasoning_effort",
  "response_format",
  "safety_identifier",
  "seed",
  "service_tier",
  "stop",
  "temperature",
  "tool_choice",
  "top_logprobs",
  "top_p",
  "verbosity",
] as const satisfies readonly (keyof ModelSettings)[];

/** The fields that the provider acts on; null is the same as absent. */
export function toSettings(body: ChatCompletionRequest): ModelSettings {
  const settings: Record<string, unknown> = {};
  for (const name of settingNames) {
    const value = body[name];
    if (value !== undefined && value !== null) settings[name] = value;
  }
  const cap = body.max_completion_tokens ?? body.max_tokens;
  if (cap != null) settings["max_completion_tokens"] = cap;
  if (body.functions !== undefined) Object.assign(settings, toLegacySettings(body));
  return settings;
}

/** The client's tools; a legacy `functions` list becomes function tools. */
export function toTools({ tools, functions }: ChatCompletionRequest): readonly Tool[] {
  return tools ?? functions?.map((definition): Tool => ({ type: "function", function: definition })) ?? [];
}

/** The legacy answer has room for one call. */
function toLegacySettings({
  function_call: choice,
}: ChatCompletionRequest): Pick<ModelSettings, "tool_choice" | "parallel_tool_calls"> {
  const toolChoice: ToolChoice =
    choice === undefined || typeof choice === "string"
      ? (choice ?? "auto")
      : { type: "function", function: { name: choice.name } };
  return { tool_choice: toolChoice, parallel_tool_calls: false };
}
