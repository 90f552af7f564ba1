import type { LanguageModelV4CallOptions, LanguageModelV4FunctionTool, LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { FunctionTool, ResponseFormat, ToolChoice } from "../../base/contract.ts";
import { toToolName } from "../../base/tool-call.ts";
import { fitMessages } from "../fit-messages.ts";
import { messageForms } from "../message-form.ts";
import { toStopSequences } from "../stop.ts";
import type { ModelRequest } from "../model.ts";
import { given } from "./given.ts";
import { toPrompt } from "./prompt.ts";
import type { Vendor } from "./vendors.ts";

type SdkTools = NonNullable<LanguageModelV4CallOptions["tools"]>;

/** A request in the words of `@ai-sdk`. What only one vendor knows goes into `providerOptions`. */
export function toCallOptions(request: ModelRequest, vendor: Vendor): LanguageModelV4CallOptions {
  const { model, messages, settings } = request;
  const prompt = toPrompt(fitMessages(messages, messageForms[vendor.messageForm], model), {
    state: vendor.state,
    takesCustomCalls: vendor.toCustomTool !== undefined,
  });
  const stop = toStopSequences(settings.stop);
  return {
    prompt,
    ...given({
      maxOutputTokens: settings.max_completion_tokens,
      temperature: settings.temperature,
      topP: settings.top_p,
      presencePenalty: settings.presence_penalty,
      frequencyPenalty: settings.frequency_penalty,
      seed: settings.seed,
      reasoning: mayThink(prompt, request.model, vendor) ? settings.reasoning_effort : undefined,
      stopSequences: stop.length > 0 && !vendor.lacks.has("stop") ? stop : undefined,
      responseFormat: toResponseFormat(settings.response_format),
    }),
    ...toToolOptions(request, vendor),
    providerOptions: vendor.toOptions(settings),
    // OpenAI's package gives a refusal as text; only the raw events tell them apart.
    includeRawChunks: vendor.package === "@ai-sdk/openai",
  };
}

/** A round of tools that another model has begun goes on without thoughts; to refuse it would be no better. */
function mayThink(prompt: LanguageModelV4Prompt, model: string, { state: { thinksFirst } }: Vendor): boolean {
  if (thinksFirst?.test(model) !== true) return true;
  const last = prompt.findLastIndex(({ role }) => role === "assistant");
  if (!callsTools(prompt[last])) return true;
  const before = prompt.slice(0, last).findLastIndex(({ role }) => role !== "assistant" && role !== "tool");
  const first = prompt[before + 1];
  return first?.role === "assistant" && first.content[0]?.type === "reasoning";
}

function callsTools(message: LanguageModelV4Prompt[number] | undefined): boolean {
  return message?.role === "assistant" && message.content.some(({ type }) => type === "tool-call");
}

function toResponseFormat(
  format: ResponseFormat | null | undefined,
): LanguageModelV4CallOptions["responseFormat"] | undefined {
  if (format == null || format.type === "text") return undefined;
  if (format.type === "json_object") return { type: "json", ...given({ schema: format.schema }) };
  const { name, description, schema } = format.json_schema;
  return { type: "json", ...given({ name, description, schema: schema ?? {} }) };
}

function toToolOptions(
  { tools, settings: { tool_choice: choice } }: ModelRequest,
  vendor: Vendor,
): Pick<LanguageModelV4CallOptions, "tools" | "toolChoice"> {
  const allowed = choice == null || typeof choice === "string" ? undefined : toAllowedNames(choice);
  const offered = allowed === undefined ? tools : tools.filter((tool) => allowed.has(toToolName(tool)));
  if (offered.length === 0) return {};
  const sdkTools: SdkTools = offered.flatMap((tool) =>
    tool.type === "function" ? toFunctionTool(tool) : (vendor.toCustomTool?.(tool) ?? []),
  );
  return { tools: sdkTools, ...given({ toolChoice: toToolChoice(choice) }) };
}

function toFunctionTool({
  function: { name, description, parameters, strict },
}: FunctionTool): LanguageModelV4FunctionTool {
  return {
    type: "function",
    name,
    inputSchema: parameters ?? { type: "object", properties: {} },
    ...given({ description, strict }),
  };
}

function toToolChoice(choice: ToolChoice | null | undefined): LanguageModelV4CallOptions["toolChoice"] | undefined {
  if (choice == null) return undefined;
  if (typeof choice === "string") return { type: choice };
  switch (choice.type) {
    case "function":
      return { type: "tool", toolName: choice.function.name };
    case "custom":
      return { type: "tool", toolName: choice.custom.name };
    case "allowed_tools":
      return { type: choice.allowed_tools.mode };
  }
}

/** Vendors know no list of allowed tools: the others are not shown. An entry looks like a tool, or has its name only. */
function toAllowedNames(choice: Exclude<ToolChoice, string>): ReadonlySet<unknown> | undefined {
  if (choice.type !== "allowed_tools") return undefined;
  type Entry = { name?: unknown; function?: { name?: unknown }; custom?: { name?: unknown } };
  return new Set(
    (choice.allowed_tools.tools as readonly Entry[]).map((entry) => (entry.function ?? entry.custom ?? entry).name),
  );
}
