import type { ChatCompletionRequest, Message, Tool, UserPart } from "../contract.ts";
import { GatewayError } from "../errors.ts";

/** Rules between fields that a schema cannot say. Throws a `GatewayError` with the `param` at fault. */
export function assertConsistent(body: ChatCompletionRequest): void {
  if (body.stream_options != null && body.stream !== true) {
    throw invalid("stream_options", "it is only allowed when 'stream' is true");
  }
  if (body.functions !== undefined && body.tools !== undefined) {
    throw invalid("functions", "it cannot be used together with 'tools'");
  }
  assertTools(body.tools ?? []);
  assertToolChoice(body);
  assertFunctionCall(body);
  body.messages.forEach(assertParts);
}

export function toToolName(tool: Tool): string {
  return tool.type === "function" ? tool.function.name : tool.custom.name;
}

function assertTools(tools: readonly Tool[]): void {
  const names = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    const name = toToolName(tool);
    if (names.has(name)) throw invalid(`tools[${index}].${tool.type}.name`, `there is another tool '${name}'`);
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

function assertParts(message: Message, index: number): void {
  if (message.role !== "user" || typeof message.content === "string") return;
  message.content.forEach((part, place) => assertPart(part, `messages[${index}].content[${place}]`));
}

const imageData = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]/i;

function assertPart(part: UserPart, param: string): void {
  switch (part.type) {
    case "text":
      return;
    case "input_audio":
    case "file":
      throw new GatewayError(
        "unsupported_value",
        `Unsupported value for '${param}': agents of this gateway do not read '${part.type}' parts.`,
        { param },
      );
    case "image_url": {
      const { url } = part.image_url;
      if (imageData.test(url.slice(0, 64))) return;
      const place = `${param}.image_url.url`;
      if (/^https?:/i.test(url)) {
        throw new GatewayError(
          "unsupported_value",
          `Unsupported value for '${place}': this gateway fetches no images. Send a data URL: data:image/png;base64,…`,
          { param: place },
        );
      }
      throw invalid(place, "expected a base64 data URL of type image/png, image/jpeg, image/gif or image/webp");
    }
  }
}

function invalid(param: string, why: string): GatewayError {
  return new GatewayError("invalid_value", `Invalid value for '${param}': ${why}.`, { param });
}
