import { fits } from "./fit.ts";
import { listOf, toUnsatisfiable, typesOf, type SchemaObject } from "./schema.ts";

/**
 * The values that a flat schema itself gives: its `const`, its `enum` with what the hint mentions first, or the first
 * fitting one of its default and examples. Empty when it gives none; throws when its `enum` leaves nothing.
 */
export function toChoices(schema: SchemaObject, hint: string, param: string): unknown[] {
  if ("const" in schema) return [schema["const"]];
  if (Array.isArray(schema["enum"])) return toEnumChoices(schema, hint, param);
  const samples = [...("default" in schema ? [schema["default"]] : []), ...listOf(schema["examples"])];
  // Whether a sample of an object is valid would take a validator; those of single values are easily seen.
  const isComposed = schema["anyOf"] !== undefined || schema["oneOf"] !== undefined;
  const sample = samples.find((one) => typeof one !== "object" && !isComposed && fits(schema, one));
  return sample === undefined ? [] : [sample];
}

function toEnumChoices(schema: SchemaObject, hint: string, param: string): unknown[] {
  const type = schema["type"] === undefined ? {} : { type: typesOf(schema, param) };
  const values = listOf(schema["enum"]).filter((one) => fits(type, one));
  if (values.length === 0) throw toUnsatisfiable("an enum leaves no value", param);
  const isNamed = (one: unknown): boolean => typeof one === "string" && one !== "" && hint.includes(one);
  return [...values.filter(isNamed), ...values.filter((one) => !isNamed(one))];
}
