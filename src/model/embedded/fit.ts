import { toPoints } from "./points.ts";
import { isObject, listOf, type SchemaObject } from "./schema.ts";

/**
 * Whether a value obeys what a flat schema says about type, choice, size and range. It does not look into objects and
 * arrays, and holds `format` and `pattern` for unmet: it decides where a value from elsewhere may be put.
 */
export function fits(schema: SchemaObject, value: unknown): boolean {
  const types = listOf(schema["type"]);
  if (types.length > 0 && !types.some((type) => isOfType(type, value))) return false;
  if ("const" in schema && !isEqual(schema["const"], value)) return false;
  if (Array.isArray(schema["enum"]) && !schema["enum"].some((one) => isEqual(one, value))) return false;
  if (typeof value === "number") return isInRange(schema, value);
  if (typeof value !== "string") return true;
  const length = toPoints(value).length;
  const isSized = length >= numberOr(schema["minLength"], 0) && length <= numberOr(schema["maxLength"], Infinity);
  return isSized && schema["pattern"] === undefined && schema["format"] === undefined;
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

export function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
