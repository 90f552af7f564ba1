import { GatewayError } from "../../base/errors.ts";
import { toCanonical } from "./canonical.ts";
import { costs, toUnsatisfiable, Work } from "./work.ts";

export type SchemaObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** References to references end here; a longer chain is a circle. */
const hopsMax = 32;

/** Where a schema stands. */
export interface Source {
  /** The document in which `#` is the root. */
  readonly root: unknown;
  /** The field of the request that brought it, for error messages. */
  readonly param: string;
  readonly work: Work;
  /** What has become of the schemas that were flattened: most are asked for again and again. */
  readonly flat: Map<object, SchemaObject | false>;
}

export function toSource(root: unknown, param: string, work = new Work(param)): Source {
  return { root, param, work, flat: new Map() };
}

/**
 * The schema without `$ref` and `allOf`: what they say is merged into it. `true` and nothing are `{}`.
 * Throws `unsupported_value` for a reference that leads nowhere or to itself, and for a schema that takes too much work.
 */
export function flatten(schema: unknown, source: Source, hops = 0): SchemaObject | false {
  if (schema === false) return false;
  if (!isObject(schema)) return {};
  const { $ref, allOf } = schema;
  if ($ref === undefined && allOf === undefined) return schema;
  const known = source.flat.get(schema);
  if (known !== undefined) return known;
  if (hops > hopsMax) throw toUnsatisfiable("a $ref leads to itself", source.param);
  const flat = flattenFirst(schema, source, hops);
  source.flat.set(schema, flat);
  return flat;
}

function flattenFirst(schema: SchemaObject, source: Source, hops: number): SchemaObject | false {
  source.work.spendKeys(schema, costs.copiedKey);
  const { $ref, allOf, ...own } = schema;
  const others = [
    ...(typeof $ref === "string" ? [resolve($ref, source)] : []),
    ...(Array.isArray(allOf) ? (allOf as unknown[]) : []),
  ];
  let merged: SchemaObject = own;
  for (const other of others) {
    const flat = flatten(other, source, hops + 1);
    if (flat === false) return false;
    merged = merge(merged, flat, source.work);
  }
  return merged;
}

/** Of what a client has written, enough to find it again. */
const shownUnitsMax = 80;

/** Follows `#` and `#/a/b`; other documents are not fetched. */
function resolve(reference: string, { root, param, work }: Source): unknown {
  let found = root;
  const shown = `$ref ${JSON.stringify(reference.slice(0, shownUnitsMax))}`;
  if (!reference.startsWith("#")) throw toUnsatisfiable(`${shown} is not in it`, param);
  work.spend(costs.key * reference.length);
  for (const key of reference.slice(1).split("/").slice(1)) {
    const name = decode(key).replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(found)) found = (found as unknown[])[Number(name)];
    else found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  }
  if (found === undefined) throw toUnsatisfiable(`${shown} leads nowhere`, param);
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
export function merge(a: SchemaObject, b: SchemaObject, work: Work): SchemaObject {
  work.spendKeys(a, costs.copiedKey);
  work.spendKeys(b, costs.copiedKey);
  const merged: Record<string, unknown> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const merger = Object.hasOwn(a, key) && Object.hasOwn(mergers, key) ? mergers[key] : undefined;
    merged[key] = merger?.(a[key], value, work) ?? value;
  }
  return merged;
}

type Merger = (a: unknown, b: unknown, work: Work) => unknown;

const lower: Merger = (a, b) => Math.min(Number(a), Number(b));
const higher: Merger = (a, b) => Math.max(Number(a), Number(b));
const both: Merger = (a, b) => ({ allOf: [a, b] });

const mergers: Readonly<Record<string, Merger>> = {
  type: (a, b, work) => {
    const others = new Set(spentListOf(b, work));
    const common = spentListOf(a, work).flatMap((one) => narrower(one, others));
    return common.length === 1 ? common[0] : common;
  },
  enum: (a, b, work) => {
    const others = new Set(spentListOf(b, work).map((one) => toCanonical(one, work)));
    return spentListOf(a, work).filter((one) => others.has(toCanonical(one, work)));
  },
  required: (a, b, work) => [...new Set([...spentListOf(a, work), ...spentListOf(b, work)])],
  properties: (a, b, work) => {
    if (!isObject(a)) return b;
    if (!isObject(b)) return a;
    work.spendKeys(a, costs.copiedKey);
    work.spendKeys(b, costs.copiedKey);
    const properties: Record<string, unknown> = { ...a };
    for (const [name, schema] of Object.entries(b)) {
      properties[name] = Object.hasOwn(properties, name) ? both(properties[name], schema, work) : schema;
    }
    return properties;
  },
  items: both,
  additionalProperties: (a, b, work) => (a === false || b === false ? false : both(a, b, work)),
  // The second choice goes into each alternative of the first: all pairs would be too many.
  anyOf: (a, b, work) => spentListOf(a, work).map((one) => both(one, { anyOf: b }, work)),
  oneOf: (a, b, work) => spentListOf(a, work).map((one) => both(one, { oneOf: b }, work)),
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

function spentListOf(value: unknown, work: Work): unknown[] {
  const list = listOf(value);
  work.spendKeys(list);
  return list;
}

/** What of a type is left where only these are allowed. */
function narrower(type: unknown, others: ReadonlySet<unknown>): unknown[] {
  if (others.has(type)) return [type];
  const isBothNumber = (type === "integer" && others.has("number")) || (type === "number" && others.has("integer"));
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
export function typesOf(schema: SchemaObject, { param, work }: Source): TypeName[] {
  if (schema["type"] === undefined) {
    work.spendKeys(schema);
    const keyword = Object.keys(schema).find((key) => Object.hasOwn(typeOfKeyword, key));
    return [(keyword === undefined ? undefined : typeOfKeyword[keyword]) ?? "string"];
  }
  return spentListOf(schema["type"], work).map((given) => {
    const name = typeNames.find((one) => one === given);
    if (name !== undefined) return name;
    const shown = typeof given === "string" ? JSON.stringify(given.slice(0, shownUnitsMax)) : `a ${typeof given}`;
    throw new GatewayError("invalid_value", `${shown} is not a type of JSON Schema.`, { param });
  });
}
