import type { JsonSchema } from "../../base/contract.ts";
import { isObject, type JsonObject } from "./json-object.ts";

/** Deeper than anybody writes a schema, and shallower than the stack. */
const depthMax = 100;
/** Of a schema and all within it: keywords and names. The largest that are written have a tenth of it. */
const keysMax = 10_000;

/** Why a tool cannot be called, and where that stands in its definition. */
export interface Unusable {
  readonly field: string;
  /** Follows the field. */
  readonly why: string;
}

/**
 * The schema of a tool's arguments as every model takes it: an object, without nulls that stand for nothing. No schema,
 * `null`, `true` and PHP's empty array are an object without parameters. Nulls that are values (`const`, `default`,
 * `enum`, …) stay.
 */
export function toParameters(given: unknown): { readonly parameters: JsonSchema } | Unusable {
  const field = "inputSchema";
  if (given == null || given === true || isEmptyList(given)) {
    return { parameters: { type: "object", properties: {} } };
  }
  if (!isObject(given)) return { field, why: "is not a JSON schema of an object" };
  const type = readType(given["type"]);
  const isObjectType = given["type"] == null || type === "object" || (Array.isArray(type) && type.includes("object"));
  if (!isObjectType) return { field: `${field}.type`, why: "is not `object`, which the arguments of a tool are" };
  try {
    const parameters = toSchema({ ...given, type: "object" }, 0, { keysLeft: keysMax });
    // OpenAI refuses an object that has neither, and the whole request with it.
    const hasShape = ["properties", "$ref", "anyOf", "oneOf", "allOf"].some((key) => key in parameters);
    return { parameters: hasShape ? parameters : { ...parameters, properties: {} } };
  } catch (cause) {
    if (cause instanceof RangeError) return { field, why: cause.message };
    throw cause;
  }
}

/** Keywords whose value is any JSON, `null` too. */
const anyValue = new Set(["const", "default", "example"]);
/** Keywords whose value is a schema, or a list of schemas. */
const schemas = new Set(
  (
    "items prefixItems additionalItems unevaluatedItems contains additionalProperties unevaluatedProperties " +
    "propertyNames anyOf oneOf allOf not if then else"
  ).split(" "),
);
/** Keywords whose value is a schema for each of some names. */
const maps = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"]);

interface Budget {
  keysLeft: number;
}

function spend(budget: Budget, value: object): void {
  budget.keysLeft -= Array.isArray(value) ? value.length : Object.keys(value).length;
  if (budget.keysLeft < 0) throw new RangeError(`has more than ${keysMax} keywords and names`);
}

function toSchema(schema: JsonObject, depth: number, budget: Budget): JsonObject {
  spend(budget, schema);
  if (depth > depthMax) throw new RangeError(`is nested more than ${depthMax} deep`);
  const entries = Object.entries(withBounds(schema)).map(
    ([key, value]) => [key, toKeyword(key, value, depth, budget)] as const,
  );
  const read = Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  // OpenAI and Gemini refuse a list that says nothing of its items.
  return read["type"] === "array" && !("items" in read) && !("prefixItems" in read) ? { ...read, items: {} } : read;
}

/** In draft 4 an exclusive bound was a word about the other; models' vendors know later drafts alone. */
function withBounds(schema: JsonObject): JsonObject {
  let read = schema;
  for (const [exclusive, bound] of [
    ["exclusiveMinimum", "minimum"],
    ["exclusiveMaximum", "maximum"],
  ] as const) {
    const { [exclusive]: isExclusive, [bound]: limit, ...rest } = read;
    if (typeof isExclusive === "boolean") read = { ...rest, [isExclusive ? exclusive : bound]: limit };
  }
  return read;
}

/** JSON Schema's names of types, and those of languages, which stand in schemas that were written by hand. */
const types = new Map(
  Object.entries({
    string: "string str text date datetime",
    number: "number float double decimal",
    integer: "integer int long",
    boolean: "boolean bool",
    object: "object dict map struct",
    array: "array list tuple set",
    null: "null none",
  }).flatMap(([type, names]) => names.split(" ").map((name) => [name, type] as const)),
);

/** Undefined for what is no type: anything may stand there then. */
function readType(given: unknown): unknown {
  if (typeof given === "string") return types.get(given.toLowerCase());
  if (!Array.isArray(given)) return undefined;
  // In YAML the name of the type is a null, if nobody quotes it.
  const read = given.map((one: unknown) => readType(one ?? "null")).filter((one) => typeof one === "string");
  return read.length === 0 ? undefined : [...new Set(read)];
}

/** Undefined for what counts as absent. */
function toKeyword(key: string, value: unknown, depth: number, budget: Budget): unknown {
  if (anyValue.has(key)) return value;
  if (value === null) return undefined;
  if (schemas.has(key)) return toSubschema(value, depth, budget);
  if (maps.has(key)) return toNamedSchemas(value, depth, budget);
  if (key === "type") return readType(value);
  if (Array.isArray(value)) spend(budget, value);
  if (key === "enum") return Array.isArray(value) && value.length > 0 ? value : undefined;
  // In drafts of long ago a property said of itself that it is required.
  if (key === "required") return Array.isArray(value) ? value.filter((name) => typeof name === "string") : undefined;
  return value;
}

function toSubschema(value: unknown, depth: number, budget: Budget): unknown {
  if (!Array.isArray(value)) return isObject(value) ? toSchema(value, depth + 1, budget) : value;
  if (depth > depthMax) throw new RangeError(`is nested more than ${depthMax} deep`);
  spend(budget, value);
  return value.filter((one) => one !== null).map((one) => toSubschema(one, depth + 1, budget));
}

/** A property of which nothing is said is one nevertheless. */
function toNamedSchemas(value: unknown, depth: number, budget: Budget): unknown {
  if (isEmptyList(value)) return {};
  if (!isObject(value)) return undefined;
  spend(budget, value);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, toSubschema(one ?? {}, depth, budget)]));
}

/** How PHP writes an empty object. */
function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
