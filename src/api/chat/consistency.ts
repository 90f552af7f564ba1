import { toToolName } from "../../run/tool-choice.ts";
import type { ChatCompletionRequest, Tool } from "../../base/contract.ts";
import { GatewayError } from "../../base/errors.ts";

/** Rules between fields that a schema cannot say. Throws a `GatewayError` with the `param` at fault. */
export function assertConsistent(body: ChatCompletionRequest): void {
  if (body.stream_options != null && body.stream !== true) {
    throw invalid("stream_options", "it is only allowed when 'stream' is true");
  }
  if (body.functions !== undefined && body.tools !== undefined) {
    throw invalid("functions", "it cannot be used together with 'tools'");
  }
  if (body.top_logprobs && body.logprobs !== true) {
    throw invalid("top_logprobs", "it is only allowed when 'logprobs' is true");
  }
  assertTools(body.tools ?? []);
  assertDistinct(body.functions?.map(({ name }, index) => ({ name, param: `functions[${index}].name` })) ?? []);
  assertToolChoice(body);
  assertFunctionCall(body);
}

function assertTools(tools: readonly Tool[]): void {
  assertDistinct(tools.map((tool, index) => ({ name: toToolName(tool), param: `tools[${index}].${tool.type}.name` })));
}

function assertDistinct(named: readonly { readonly name: string; readonly param: string }[]): void {
  const names = new Set<string>();
  for (const { name, param } of named) {
    if (names.has(name)) throw invalid(param, `there is another tool '${name}'`);
    names.add(name);
  }
}

function assertToolChoice({ tool_choice: choice, tools = [] }: ChatCompletionRequest): void {
  if (choice === undefined || choice === "none" || choice === "auto") return;
  if (tools.length === 0) throw invalid("tool_choice", "it needs 'tools'");
  if (choice === "required") return;
  const names = new Set(tools.map((tool) => `${tool.type} ${toToolName(tool)}`));
  for (const name of listChosen(choice)) {
    if (!names.has(name)) throw invalid("tool_choice", `'tools' has no ${name}`);
  }
}

function listChosen(choice: Exclude<ChatCompletionRequest["tool_choice"], string | undefined>): string[] {
  switch (choice.type) {
    case "function":
      return [`function ${choice.function.name}`];
    case "custom":
      return [`custom ${choice.custom.name}`];
    case "allowed_tools":
      return choice.allowed_tools.tools.map(({ type, ...tool }) => {
        const named = tool[String(type)] as { name?: unknown } | undefined;
        return `${String(type)} ${String(named?.name)}`;
      });
  }
}

function assertFunctionCall({ function_call: choice, functions = [] }: ChatCompletionRequest): void {
  if (choice === undefined || typeof choice === "string") return;
  if (!functions.some(({ name }) => name === choice.name)) {
    throw invalid("function_call", `'functions' has no '${choice.name}'`);
  }
}

function invalid(param: string, why: string): GatewayError {
  return new GatewayError("invalid_value", `Invalid value for '${param}': ${why}.`, { param });
}
