import { GatewayError } from "../../base/errors.ts";

export type SchemaObject = Readonly<Record<string, unknown>>;

/** Nothing valid can be made; an alternative of `anyOf` may still do. `param` is the field that brought the schema. */
export function toUnsatisfiable(why: string, param: string): GatewayError {
  return new GatewayError("unsupported_value", `The embedded model cannot make a value for this JSON Schema: ${why}.`, {
    param,
  });
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** References to references end here; a longer chain is a circle. */
const hopsMax = 32;
/** Ten references in each of ten layers are ten thousand million; a schema gets so many merges for all of it. */
const mergesMax = 20_000;

/** Where a schema stands. */
export interface Source {
  /** The document in which `#` is the root. */
  readonly root: unknown;
  /** The field of the request that brought it, for error messages. */
  readonly param: string;
  mergesLeft: number;
}

export function toSource(root: unknown, param: string): Source {
  return { root, param, mergesLeft: mergesMax };
}

/**
 * The schema without `$ref` and `allOf`: what they say is merged into it. `true` and nothing are `{}`.
 * Throws `unsupported_value` for a reference that leads nowhere or to itself, and for a schema that takes too much work.
 */
export function flatten(schema: unknown, source: Source, hops = 0): SchemaObject | false {
  if (schema === false) return false;
  if (!isObject(schema)) return {};
  const { $ref, allOf, ...own } = schema;
  if ($ref === undefined && allOf === undefined) return schema;
  if (hops > hopsMax) throw toUnsatisfiable("a $ref leads to itself", source.param);
  const others = [
    ...(typeof $ref === "string" ? [resolve($ref, source)] : []),
    ...(Array.isArray(allOf) ? (allOf as unknown[]) : []),
  ];
  let merged: SchemaObject = own;
  for (const other of others) {
    if ((source.mergesLeft -= 1) < 0) throw toUnsatisfiable("it is too large", source.param);
    const flat = flatten(other, source, hops + 1);
    if (flat === false) return false;
    merged = merge(merged, flat);
  }
  return merged;
}

/** Follows `#` and `#/a/b`; other documents are not fetched. */
function resolve(reference: string, { root, param }: Source): unknown {
  let found = root;
  if (!reference.startsWith("#")) throw toUnsatisfiable(`$ref ${JSON.stringify(reference)} is not in it`, param);
  for (const key of reference.slice(1).split("/").slice(1)) {
    const name = decode(key).replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(found)) found = (found as unknown[])[Number(name)];
    else found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  }
  if (found === undefined) throw toUnsatisfiable(`$ref ${JSON.stringify(reference)} leads nowhere`, param);
  return found;
}

function decode(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key; // A lone per cent sign stands for itself.
  }
}

/** Both schemas at once. Keywords that cannot be joined are taken from `b`. */
export function merge(a: SchemaObject, b: SchemaObject): SchemaObject {
  const merged: Record<string, unknown> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    merged[key] = Object.hasOwn(a, key) ? (mergers[key]?.(a[key], value) ?? value) : value;
  }
  return merged;
}

const lower = (a: unknown, b: unknown): unknown => Math.min(Number(a), Number(b));
const higher = (a: unknown, b: unknown): unknown => Math.max(Number(a), Number(b));
const both = (a: unknown, b: unknown): unknown => ({ allOf: [a, b] });

const mergers: Readonly<Record<string, (a: unknown, b: unknown) => unknown>> = {
  type: (a, b) => {
    const common = listOf(a).flatMap((one) => listOf(b).flatMap((other) => narrower(one, other)));
    return common.length === 1 ? common[0] : common;
  },
  enum: (a, b) => listOf(a).filter((one) => listOf(b).some((other) => JSON.stringify(one) === JSON.stringify(other))),
  required: (a, b) => [...new Set([...listOf(a), ...listOf(b)])],
  properties: (a, b) => {
    const properties: Record<string, unknown> = isObject(a) ? { ...a } : {};
    for (const [name, schema] of Object.entries(isObject(b) ? b : {})) {
      properties[name] = Object.hasOwn(properties, name) ? both(properties[name], schema) : schema;
    }
    return properties;
  },
  items: both,
  additionalProperties: (a, b) => (a === false || b === false ? false : both(a, b)),
  // The second choice goes into each alternative of the first: all pairs would be too many.
  anyOf: (a, b) => listOf(a).map((one) => both(one, { anyOf: b })),
  oneOf: (a, b) => listOf(a).map((one) => both(one, { oneOf: b })),
  minimum: higher,
  exclusiveMinimum: higher,
  minLength: higher,
  minItems: higher,
  minProperties: higher,
  maximum: lower,
  exclusiveMaximum: lower,
  maxLength: lower,
  maxItems: lower,
  maxProperties: lower,
};

function narrower(a: unknown, b: unknown): unknown[] {
  if (a === b) return [a];
  const isBothNumber = (a === "integer" && b === "number") || (a === "number" && b === "integer");
  return isBothNumber ? ["integer"] : [];
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : value === undefined ? [] : [value];
}

const typeNames = ["object", "array", "string", "integer", "number", "boolean", "null"] as const;
export type TypeName = (typeof typeNames)[number];

const typeOfKeyword: Readonly<Record<string, TypeName>> = {
  properties: "object",
  required: "object",
  additionalProperties: "object",
  minProperties: "object",
  items: "array",
  prefixItems: "array",
  minItems: "array",
  minimum: "number",
  maximum: "number",
  exclusiveMinimum: "number",
  exclusiveMaximum: "number",
  multipleOf: "number",
};

/** The types a flat schema allows, guessed from its other keywords when it names none. Throws `invalid_value`. */
export function typesOf(schema: SchemaObject, param: string): TypeName[] {
  if (schema["type"] === undefined) {
    const keyword = Object.keys(schema).find((key) => Object.hasOwn(typeOfKeyword, key));
    return [(keyword === undefined ? undefined : typeOfKeyword[keyword]) ?? "string"];
  }
  return listOf(schema["type"]).map((given) => {
    const name = typeNames.find((one) => one === given);
    if (name !== undefined) return name;
    throw new GatewayError("invalid_value", `${JSON.stringify(given)} is not a type of JSON Schema.`, { param });
  });
}
