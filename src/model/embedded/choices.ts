import { fits } from "./fit.ts";
import { listOf, type SchemaObject, type Source, typesOf } from "./schema.ts";
import { costs, toUnsatisfiable } from "./work.ts";

/**
 * The values that a flat schema itself gives: its `const`, its `enum` with what the hint mentions first, or the first
 * fitting one of its default and examples. Empty when it gives none; throws when its `enum` leaves nothing.
 */
export function toChoices(schema: SchemaObject, hint: string, source: Source): readonly unknown[] {
  if ("const" in schema) return [schema["const"]];
  if (Array.isArray(schema["enum"])) return toEnumChoices(schema, hint, source);
  // Whether a sample is valid for alternatives, a pattern or a format would take a validator.
  if (["anyOf", "oneOf", "pattern", "format"].some((key) => schema[key] !== undefined)) return [];
  const examples = listOf(schema["examples"]);
  source.work.spendKeys(examples);
  const samples = "default" in schema ? [schema["default"], ...examples] : examples;
  // So would that of an object; those of single values are easily seen.
  const sample = samples.find((one) => typeof one !== "object" && fits(schema, one, source.work));
  return sample === undefined ? [] : [sample];
}

function toEnumChoices(schema: SchemaObject, hint: string, source: Source): readonly unknown[] {
  const { param, work } = source;
  const type = schema["type"] === undefined ? {} : { type: typesOf(schema, source) };
  const values = listOf(schema["enum"]).filter((one) => fits(type, one, work));
  if (values.length === 0) throw toUnsatisfiable("an enum leaves no value", param);
  work.spend(values.length * (costs.key + hint.length));
  const isNamed = (one: unknown): boolean => typeof one === "string" && one !== "" && hint.includes(one);
  const named = new Set(values.filter(isNamed));
  return named.size === 0 ? values : [...named, ...values.filter((one) => !named.has(one))];
}
