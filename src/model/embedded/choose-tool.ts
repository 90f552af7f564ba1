import { toToolName } from "../../base/tool-call.ts";
import type { Tool } from "../../base/contract.ts";
import type { ModelRequest } from "../model.ts";
import { toArguments } from "./call-arguments.ts";
import type { ScriptedCall } from "./scenario-step.ts";

const unitsMax = 2_000;

/** The call that the assistant makes in answer to the user's text, or undefined when it makes none. */
export function toToolCall(request: ModelRequest, text: string): ScriptedCall | undefined {
  const tool = chooseTool(request, text);
  if (!tool) return undefined;
  if (tool.type === "custom") return { name: tool.custom.name, kind: "custom", arguments: text };
  return { name: tool.function.name, arguments: toArguments(text, tool.function.parameters) };
}

/** Under `auto` the tool that the text mentions; under `required` that one, else the first. */
export function chooseTool({ tools, settings }: ModelRequest, text: string): Tool | undefined {
  const choice = settings.tool_choice ?? "auto";
  if (choice === "none" || tools.length === 0) return undefined;
  const words = text.slice(0, unitsMax).toLowerCase();
  if (choice === "auto") return mentionedTool(tools, words);
  if (choice === "required") return mentionedTool(tools, words) ?? tools[0];
  if (choice.type === "function") return tools.find((tool) => toToolName(tool) === choice.function.name);
  if (choice.type === "custom") return tools.find((tool) => toToolName(tool) === choice.custom.name);
  const { mode, tools: allowed } = choice.allowed_tools;
  const usable = tools.filter((tool) => allowed.some((entry) => allowedName(entry) === toToolName(tool)));
  return mentionedTool(usable, words) ?? (mode === "required" ? usable[0] : undefined);
}

/** OpenAI writes `{type, function: {name}}`, and has also documented `{type, name}`. */
function allowedName(entry: object): unknown {
  const { function: fn, custom, name } = entry as Readonly<Record<string, unknown>>;
  const inner: unknown = fn ?? custom;
  return typeof inner === "object" && inner !== null && "name" in inner ? inner.name : name;
}

/** Words that say what is done and not to what: they alone mention no tool. */
const common = new Set(
  "get set list find search fetch lookup look read show make create add run call use do tool function the for and of in to by from current".split(
    " ",
  ),
);

/** The tool whose name stands in the text, else the first of whose name every significant word does. */
function mentionedTool(tools: readonly Tool[], text: string): Tool | undefined {
  const named = tools.find((tool) => hasWord(text, toToolName(tool).toLowerCase()));
  if (named) return named;
  return tools.find((tool) => {
    const words = significantWords(toToolName(tool));
    return words.length > 0 && words.every((word) => hasWord(text, word));
  });
}

/** `get_currentWeather` → `weather`. */
function significantWords(name: string): string[] {
  const words = name
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/);
  return words.filter((word) => word.length > 2 && !common.has(word));
}

/** Cheaper than a regular expression for each of 128 tools; a plural "s" may follow. */
function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const end = at + word.length;
    const after = text[end] === "s" ? end + 1 : end;
    if (!isWordPart(text[at - 1]) && !isWordPart(text[after])) return true;
  }
  return false;
}

function isWordPart(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_]/u.test(character);
}
