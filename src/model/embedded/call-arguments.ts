import { fits } from "./fit.ts";
import { toInstance } from "./instance.ts";
import { escapePattern } from "./points.ts";
import { flatten, isObject, listOf, toSource, typesOf, type SchemaObject } from "./schema.ts";

const unitsMax = 2_000;

type Arguments = Readonly<Record<string, unknown>>;

/**
 * Arguments for a function, taken from what the user wrote: a JSON object in the text; `key=value` and `key: value`;
 * one of an enum's words; what follows "in", "for", "of", "to" or "at". What is required and still missing is made up
 * to be valid; where nothing was found, all of it. Throws like `toInstance`, about the field `tools`.
 */
export function toArguments(text: string, parameters: unknown): Arguments {
  const source = toSource(parameters, "tools");
  const flat = flatten(parameters, source);
  const schema = flat === false ? {} : flat;
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const slots = Object.entries(properties).map(([name, inner]): Slot => {
    return { name, schema: flatten(inner, source) || {} };
  });
  const given = text.slice(0, unitsMax);
  const found = fromJson(given, schema, slots) ?? fromWords(given, slots);
  const required = listOf(schema["required"]).map(String);
  if (Object.keys(found).length > 0 && required.every((name) => Object.hasOwn(found, name))) return found;
  if (slots.length === 0 && required.length === 0) return found;
  const made = toInstance(parameters ?? {}, given, "tools");
  if (!isObject(made)) return found;
  const kept =
    Object.keys(found).length > 0
      ? Object.entries(made).filter(([name]) => required.includes(name))
      : Object.entries(made);
  return { ...Object.fromEntries(kept), ...found };
}

interface Slot {
  readonly name: string;
  readonly schema: SchemaObject;
}

/** From the first brace to the last; undefined when that is no JSON object. */
function fromJson(text: string, schema: SchemaObject, slots: readonly Slot[]): Arguments | undefined {
  const start = text.indexOf("{");
  const end = text.lastIndexOf("}");
  if (start < 0 || end < start) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text.slice(start, end + 1));
  } catch {
    return undefined; // Braces, but no JSON: the words may still tell.
  }
  if (!isObject(value)) return undefined;
  const isOpen = schema["additionalProperties"] === undefined || schema["additionalProperties"] === true;
  return Object.fromEntries(
    Object.entries(value).filter(([name, one]) => {
      const slot = slots.find((other) => other.name === name);
      return slot ? fits(slot.schema, one) : isOpen;
    }),
  );
}

function fromWords(text: string, slots: readonly Slot[]): Arguments {
  const found = new Map<string, unknown>();
  for (const { name, schema } of slots) {
    const value = namedValue(text, name, schema) ?? enumValue(text, schema);
    if (value !== undefined) found.set(name, value);
  }
  const free = slots.find(
    ({ name, schema }) => !found.has(name) && typesOf(schema, "tools").includes("string") && !schema["enum"],
  );
  const phrase = prepositionPhrase(text);
  if (free && phrase !== undefined && fits(free.schema, phrase)) found.set(free.name, phrase);
  return Object.fromEntries(found);
}

/** `city=Oslo`, `city: "New York"`, `days = 3`. */
function namedValue(text: string, name: string, schema: SchemaObject): unknown {
  const pattern = new RegExp(`(?<![\\w-])${escapePattern(name)}\\s*[=:]\\s*(?:"([^"]*)"|'([^']*)'|([^\\s,;]+))`, "i");
  const [, double, single, bare] = pattern.exec(text) ?? [];
  const given = double ?? single ?? bare?.replace(/[.?!)]+$/, "");
  if (given === undefined) return undefined;
  return [Number(given), given === "true" ? true : given === "false" ? false : given, given]
    .filter((value) => !Number.isNaN(value))
    .find((value) => fits(schema, value) && (schema["type"] !== undefined || value === given));
}

function enumValue(text: string, schema: SchemaObject): unknown {
  const words = listOf(schema["enum"]).filter((one) => typeof one === "string");
  return words.find((word) => word !== "" && new RegExp(`(?<!\\w)${escapePattern(word)}(?!\\w)`, "i").test(text));
}

const prepositions = String.raw`(?:in|for|of|to|at|about)`;
const phrasePattern = new RegExp(
  String.raw`\b${prepositions}\s+(?:"([^"]+)"|(.+?)(?=[?!;,]|\.(?:\s|$)|\s+${prepositions}\s|\s+(?:please|today|tomorrow|now|right now|with|using)\b|\n|$))`,
  "i",
);

function prepositionPhrase(text: string): string | undefined {
  const [, quoted, plain] = phrasePattern.exec(text) ?? [];
  return quoted ?? plain?.trim().replace(/^the\s+/i, "");
}
