import { isDeepStrictEqual } from "node:util";
import {
  type ChatCompletionRequest,
  type Message,
  readKeys,
  requestFields,
  type Support,
  type Tool,
  type ToolChoice,
} from "../../base/contract.ts";
import { GatewayError, invalidValue } from "../../base/errors.ts";
import { countCommas } from "../../base/json-text.ts";
import { fromTold, hasState, toStateOwner } from "../../base/model-state.ts";
import { type ModelSettings, settingNames } from "../../base/settings.ts";
import { toToolName } from "../../base/tool-call.ts";
import type { Reach } from "../../run/model-reach.ts";

interface FieldRule {
  readonly support: Support;
  readonly accepts?: readonly unknown[];
}

const rules: ReadonlyMap<string, FieldRule> = new Map(Object.entries(requestFields));

/** Throws `unsupported_value` for values that the contract's `x-support` refuses. */
export function assertSupported(body: ChatCompletionRequest): void {
  for (const [name, value] of Object.entries(body)) {
    const rule = rules.get(name);
    if (rule?.support === "refused" && !rule.accepts?.some((accepted) => isDeepStrictEqual(accepted, value)))
      throw toRefusal(name, value, rule.accepts ?? []);
  }
}

/**
 * Holds a request against the contract, so that nothing is ignored in silence. Returns what has no effect and reaches no
 * model of the agent either, for the header `x-clawgate-ignored`: names of fields, and paths within messages and tools.
 * Throws `unknown_parameter` or `unsupported_parameter` for the first of them when `strict`.
 */
export function listIgnored(body: ChatCompletionRequest, { more, all, drops }: Reach, strict: boolean): string[] {
  const ignored: string[] = [];
  for (const [name, value] of Object.entries(body)) {
    const rule = rules.get(name);
    if (rule === undefined ? !all.has(name) : rule.support === "ignored" && value !== null && !all.has(name)) {
      if (strict) throw toStrictError(name, rule);
      ignored.push(name);
    }
  }
  const nested = listUnread(body, more);
  const [first] = nested;
  if (strict && first !== undefined) throw toStrictError(first, undefined);
  // Never refused: a client brings back what it was told.
  return [...ignored, ...nested, ...listDropped(body, drops)];
}

/** Reasoning that a model is not given again, by its path. What says whose it is goes back to its own. */
function listDropped({ messages }: ChatCompletionRequest, drops: Reach["drops"]): string[] {
  const found: string[] = [];
  if (drops.size === 0) return found;
  for (const [index, message] of messages.entries()) {
    if (found.length >= unreadMax) break;
    if (message.role !== "assistant" || !hasState(message) || toStateOwner(fromTold(message)) !== undefined) continue;
    for (const field of drops) if (message[field] != null) found.push(`messages[${index}].${field}`);
  }
  return found;
}

type Keys = ReadonlyMap<string, ReadonlySet<string>>;

const toKeys = (kind: string): Keys =>
  new Map(Object.entries(readKeys[kind] ?? {}).map(([tag, keys]) => [tag, new Set(keys)]));
const keysOf = {
  message: toKeys("message"),
  part: toKeys("part"),
  call: toKeys("call"),
  callInner: toKeys("callInner"),
  tool: toKeys("tool"),
  toolInner: toKeys("toolInner"),
};

/** A header has room for no more. */
const unreadMax = 21;

/** What nobody reads of messages, calls, parts and tools, by its path. Where the model is told `more`, it has parts and tools. */
function listUnread({ messages, tools = [] }: ChatCompletionRequest, more: boolean): string[] {
  const found: string[] = [];
  const look = (value: object, known: ReadonlySet<string> | undefined, toPath: () => string): void => {
    // Most have nothing more, and a conversation has many: of those nothing is made.
    if (known === undefined || !hasMore(value, known)) return;
    // Null is absent, at any depth: the Python SDK writes all that an answer could have.
    for (const [key, said] of Object.entries(value))
      if (!known.has(key) && said !== null && found.length < unreadMax) found.push(`${toPath()}.${key}`);
  };
  for (const [index, message] of messages.entries()) {
    look(message, keysOf.message.get(message.role), () => `messages[${index}]`);
    if (!more && Array.isArray(message.content)) {
      for (const [at, part] of message.content.entries())
        look(part, keysOf.part.get(part.type), () => `messages[${index}].content[${at}]`);
    }
    if (message.role !== "assistant") continue;
    for (const [at, call] of (message.tool_calls ?? []).entries()) {
      const { type } = call;
      const inner = call.type === "function" ? call.function : call.custom;
      look(call, keysOf.call.get(type), () => `messages[${index}].tool_calls[${at}]`);
      look(inner, keysOf.callInner.get(type), () => `messages[${index}].tool_calls[${at}].${type}`);
    }
  }
  if (more) return found;
  for (const [index, tool] of tools.entries()) {
    const inner = tool.type === "function" ? tool.function : tool.custom;
    look(tool, keysOf.tool.get(tool.type), () => `tools[${index}]`);
    look(inner, keysOf.toolInner.get(tool.type), () => `tools[${index}].${tool.type}`);
  }
  return found;
}

function hasMore(value: object, known: ReadonlySet<string>): boolean {
  for (const key in value) if (!known.has(key)) return true;
  return false;
}

/** Names of unknown fields are the client's text; a header may hold only this much of it. */
const ignoredCharsMax = 512;

/** As many names as fit; then a mark that there are more. */
export function toIgnoredHeader(ignored: readonly string[]): string | undefined {
  if (ignored.length === 0) return undefined;
  const safe = ignored.slice(0, 20).map((name) => name.slice(0, 64).replaceAll(/[^\w.[\]-]/g, "?"));
  let text = safe[0] ?? "";
  for (const name of safe.slice(1)) {
    if (text.length + name.length > ignoredCharsMax) return `${text}, ...`;
    text += `, ${name}`;
  }
  return ignored.length > safe.length ? `${text}, ...` : text;
}

function toRefusal(name: string, value: unknown, accepts: readonly unknown[]): GatewayError {
  const shown = JSON.stringify(value).slice(0, 64);
  const known = accepts.map((accepted) => JSON.stringify(accepted)).join(" and ");
  return new GatewayError(
    "unsupported_value",
    `Unsupported value for '${name}': ${shown}. This gateway accepts ${known}.`,
    {
      param: name,
    },
  );
}

function toStrictError(name: string, rule: FieldRule | undefined): GatewayError {
  const param = name.slice(0, 64);
  return rule === undefined
    ? new GatewayError("unknown_parameter", `Unknown parameter: '${param}'.`, { param })
    : new GatewayError("unsupported_parameter", `Unsupported parameter: '${param}' has no effect on this gateway.`, {
        param,
      });
}

/** Rules between fields that a schema cannot say. Throws a `GatewayError` with the `param` at fault. */
export function assertConsistent(body: ChatCompletionRequest): void {
  if (body.stream_options != null && body.stream !== true) {
    throw invalidValue("stream_options", "it is only allowed when 'stream' is true");
  }
  if (body.functions !== undefined && body.tools !== undefined) {
    throw invalidValue("functions", "it cannot be used together with 'tools'");
  }
  if (body.top_logprobs && body.logprobs !== true) {
    throw invalidValue("top_logprobs", "it is only allowed when 'logprobs' is true");
  }
  assertTools(body.tools ?? []);
  assertDistinct(body.functions?.map(({ name }, index) => ({ name, param: `functions[${index}].name` })) ?? []);
  assertToolChoice(body);
  assertFunctionCall(body);
  assertArguments(body.messages);
}

/** Of all arguments together. They are JSON inside of JSON, which the bounds of the body do not see. */
const argumentValuesMax = 100_000;

/** Whoever reads the arguments of calls again (vendors want objects) shall not be kept busy by millions of values. */
function assertArguments(messages: readonly Message[]): void {
  let left = argumentValuesMax;
  for (const [index, message] of messages.entries()) {
    if (message.role !== "assistant" || (message.tool_calls == null && message.function_call == null)) continue;
    for (const [place, call] of (message.tool_calls ?? []).entries()) {
      if (call.type === "function") left -= countCommas(call.function.arguments, left);
      if (left < 0) throw toTooMany(`messages[${index}].tool_calls[${place}].function.arguments`);
    }
    left -= countCommas(message.function_call?.arguments ?? "", left);
    if (left < 0) throw toTooMany(`messages[${index}].function_call.arguments`);
  }
}

function toTooMany(param: string): GatewayError {
  const message = `The arguments of all tool calls hold more than ${argumentValuesMax} values.`;
  return new GatewayError("too_many_values", message, { param });
}

/** Of a name that may be any text. */
const shownMax = 80;

function assertTools(tools: readonly Tool[]): void {
  assertDistinct(tools.map((tool, index) => ({ name: toToolName(tool), param: `tools[${index}].${tool.type}.name` })));
}

function assertDistinct(named: readonly { readonly name: string; readonly param: string }[]): void {
  const names = new Set<string>();
  for (const { name, param } of named) {
    if (names.has(name)) throw invalidValue(param, `there is another tool '${name}'`);
    names.add(name);
  }
}

function assertToolChoice({ tool_choice: choice, tools = [] }: ChatCompletionRequest): void {
  if (choice === undefined || choice === "none" || choice === "auto") return;
  if (tools.length === 0) throw invalidValue("tool_choice", "it needs 'tools'");
  if (choice === "required") return;
  const names = new Set(tools.map((tool) => `${tool.type} ${toToolName(tool)}`));
  for (const name of listChosen(choice)) {
    if (!names.has(name)) throw invalidValue("tool_choice", `'tools' has no ${name.slice(0, shownMax)}`);
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
        const named = tool[String(type)];
        const name: unknown = typeof named === "object" && named !== null && "name" in named ? named.name : undefined;
        return `${String(type)} ${String(name)}`;
      });
  }
}

function assertFunctionCall({ function_call: choice, functions = [] }: ChatCompletionRequest): void {
  if (choice === undefined || typeof choice === "string") return;
  if (!functions.some(({ name }) => name === choice.name)) {
    throw invalidValue("function_call", `'functions' has no '${choice.name.slice(0, shownMax)}'`);
  }
}

/** The fields that the provider acts on, and those that one of the agent's is given besides; null is the same as absent. */
export function toSettings(body: ChatCompletionRequest, { some }: Pick<Reach, "some">): ModelSettings {
  const settings: Record<string, unknown> = {};
  for (const name of settingNames) {
    const value = body[name];
    if (value !== undefined && value !== null) settings[name] = value;
  }
  const cap = body.max_completion_tokens ?? body.max_tokens;
  if (cap != null) settings["max_completion_tokens"] = cap;
  if (body.functions !== undefined) Object.assign(settings, toLegacySettings(body));
  if (some.size > 0) settings["vendor"] = Object.fromEntries(Object.entries(body).filter(([name]) => some.has(name)));
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
