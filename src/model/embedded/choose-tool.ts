import { toToolName } from "../../base/tool-call.ts";
import type { Tool } from "../../base/contract.ts";
import type { ModelRequest } from "../model.ts";
import { fits } from "./fit.ts";
import { toInstance } from "./instance.ts";
import type { ScriptedCall } from "./scenario-step.ts";
import { flatten, isObject, listOf, toSource } from "./schema.ts";
import { Work } from "./work.ts";

/**
 * The call that the assistant makes in answer to the user's text, or undefined when it makes none. Clients run what is
 * called, some without asking anybody, so talk is never turned into action: a tool is called where `tool_choice` forces
 * it, or where the whole text is an order of one form, `call NAME with {JSON}`. The arguments are that JSON, or values
 * made from the schema alone. Throws like `toInstance`, about the field `tools`.
 */
export function toToolCall(request: ModelRequest, text: string): ScriptedCall | undefined {
  const order = readOrder(text);
  const work = new Work("tools");
  const tool = chooseTool(request, order, work);
  if (tool === undefined) return undefined;
  const isOrdered = order?.name === toToolName(tool);
  if (tool.type === "custom")
    return { name: tool.custom.name, kind: "custom", arguments: isOrdered ? order.json : "text" };
  const { name, parameters } = tool.function;
  if (isOrdered && areArguments(order.value, parameters, work)) return { name, arguments: order.value };
  const made = toInstance(parameters ?? {}, "", "tools", work);
  return { name, arguments: isObject(made) ? made : {} };
}

interface Order {
  readonly name: string;
  readonly json: string;
  readonly value: Readonly<Record<string, unknown>>;
}

const orderUnitsMax = 20_000;

function readOrder(text: string): Order | undefined {
  if (text.length > orderUnitsMax) return undefined;
  const [, name = "", json = ""] = /^call ([\w.:/-]{1,128}) with (\{.*\})$/is.exec(text) ?? [];
  if (name === "") return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? { name, json, value } : undefined;
  } catch {
    return undefined; // Braces, but no JSON: talk.
  }
}

/** Under `auto` the tool that is ordered; under a demand that one if it is allowed, else the first that is. */
function chooseTool({ tools, settings }: ModelRequest, order: Order | undefined, work: Work): Tool | undefined {
  const choice = settings.tool_choice ?? "auto";
  const ordered = (offered: readonly Tool[]): Tool | undefined =>
    offered.find((tool) => toToolName(tool) === order?.name && isObeyable(tool, order, work));
  if (choice === "none") return undefined;
  if (choice === "auto") return ordered(tools);
  if (choice === "required") return ordered(tools) ?? tools[0];
  if (choice.type === "function") return tools.find((tool) => toToolName(tool) === choice.function.name);
  if (choice.type === "custom") return tools.find((tool) => toToolName(tool) === choice.custom.name);
  const { mode, tools: allowed } = choice.allowed_tools;
  const usable = tools.filter((tool) => allowed.some((entry) => allowedName(entry) === toToolName(tool)));
  return ordered(usable) ?? (mode === "required" ? usable[0] : undefined);
}

function isObeyable(tool: Tool, { value }: Order, work: Work): boolean {
  return tool.type === "custom" || areArguments(value, tool.function.parameters, work);
}

/** Whether a function could be called with these, as far as its schema's first level tells. */
function areArguments(value: Readonly<Record<string, unknown>>, parameters: unknown, work: Work): boolean {
  const source = toSource(parameters, "tools", work);
  const schema = flatten(parameters, source);
  if (schema === false) return false;
  const { properties, required, additionalProperties } = schema;
  const slots = isObject(properties) ? properties : {};
  work.spendKeys(listOf(required));
  if (!listOf(required).every((name) => Object.hasOwn(value, String(name)))) return false;
  work.spendKeys(value);
  return Object.entries(value).every(([name, one]) => {
    if (!Object.hasOwn(slots, name)) return additionalProperties !== false;
    const slot = flatten(slots[name], source);
    return slot !== false && fits(slot, one, work);
  });
}

/** OpenAI writes `{type, function: {name}}`, and has also documented `{type, name}`. */
function allowedName(entry: object): unknown {
  const { function: fn, custom, name } = entry as Readonly<Record<string, unknown>>;
  const inner: unknown = fn ?? custom;
  return typeof inner === "object" && inner !== null && "name" in inner ? inner.name : name;
}
