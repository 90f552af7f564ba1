import { isAmong, toCanonical } from "./canonical.ts";
import { toPoints } from "./points.ts";
import { isObject, listOf, type SchemaObject } from "./schema.ts";
import type { Work } from "./work.ts";

/**
 * Whether a value obeys what a flat schema says about type, choice, size and range. It does not look into objects and
 * arrays: it decides where a value from elsewhere may be put.
 */
export function fits(schema: SchemaObject, value: unknown, work: Work): boolean {
  const types = listOf(schema["type"]);
  work.spendKeys(types);
  if (types.length > 0 && !types.some((type) => isOfType(type, value))) return false;
  if ("const" in schema && toCanonical(schema["const"], work) !== toCanonical(value, work)) return false;
  if (Array.isArray(schema["enum"]) && !isAmong(schema["enum"], value, work)) return false;
  if (typeof value === "number") return isInRange(schema, value);
  if (typeof value !== "string") return true;
  work.spend(value.length);
  const length = toPoints(value).length;
  return length >= numberOr(schema["minLength"], 0) && length <= numberOr(schema["maxLength"], Infinity);
}

function isOfType(type: unknown, value: unknown): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isObject(value);
  return type === "integer" ? Number.isInteger(value) : typeof value === type;
}

export function isInRange(schema: SchemaObject, value: number): boolean {
  if (value < numberOr(schema["minimum"], -Infinity) || value > numberOr(schema["maximum"], Infinity)) return false;
  if (value <= numberOr(schema["exclusiveMinimum"], -Infinity)) return false;
  if (value >= numberOr(schema["exclusiveMaximum"], Infinity)) return false;
  return Number.isInteger(value / numberOr(schema["multipleOf"], value || 1));
}

export function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
