import { _, type CodeKeywordDefinition, nil } from "ajv/dist/2020.js";
import { type JsonSchema, type OpenApi, toSchemaName } from "./document.ts";
import { nullKeptWord } from "./guard-schema.ts";

// `x-null-absent: true` on a schema says of it, and of all schemas that it refers to: null in an optional property is the
// same as leaving the property out. It holds for properties that do not allow null themselves; where they do, null is a
// value that they keep. And it holds for properties that the schema does not name, but for those of `x-null-kept`.

/** What a guard calls the properties of an object in which null is something: a value, or a mistake. */
const word = "keptNull";

/** Takes the nulls out while the guard reads the value: nothing behind it ever meets one. */
export const absentNullKeyword: CodeKeywordDefinition = {
  keyword: word,
  type: "object",
  schemaType: "array",
  before: "required",
  code({ gen, data, schema }) {
    gen.forIn("key", data, (key) => {
      const isKept = (schema as string[]).map((name) => _` && ${key} !== ${name}`);
      gen.if(_`${data}[${key}] === null${isKept.reduce((all, one) => _`${all}${one}`, nil)}`, () =>
        gen.code(_`delete ${data}[${key}]`),
      );
    });
  },
};

/** The schemas of a document as a guard of requests has to have them. */
export function markAbsentNulls(
  { components }: OpenApi,
  cleaned: Readonly<Record<string, JsonSchema>>,
): Record<string, JsonSchema> {
  const { schemas } = components;
  const reached = listReached(schemas);
  const mark = (object: JsonSchema): JsonSchema => {
    const absent = new Set(listAbsent(object, schemas));
    const named = Object.keys(object.properties ?? {}).filter((name) => !absent.has(name));
    const { [nullKeptWord]: kept = [], ...rest } = object;
    return { ...rest, [word]: [...named, ...(kept as readonly string[])] };
  };
  return mapReached(cleaned, reached, mark);
}

/** The document as it is published: these properties may be null. */
export function allowAbsentNulls(document: OpenApi): OpenApi {
  const { schemas } = document.components;
  const allow = (object: JsonSchema): JsonSchema => {
    const properties = { ...object.properties };
    for (const name of listAbsent(object, schemas)) properties[name] = withNull(properties[name] ?? {});
    return { ...object, properties };
  };
  const allowed = mapReached(schemas, listReached(schemas), allow);
  return { ...document, components: { ...document.components, schemas: allowed } };
}

function mapReached(
  schemas: Readonly<Record<string, JsonSchema>>,
  reached: ReadonlySet<string>,
  change: (object: JsonSchema) => JsonSchema,
): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, reached.has(name) ? mapObjects(schema, change) : schema]),
  );
}

/** Changes every object of a schema that lists its properties, the inner ones first. */
function mapObjects(schema: JsonSchema, change: (object: JsonSchema) => JsonSchema): JsonSchema {
  const into = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(into);
    return typeof value === "object" && value !== null ? mapObjects(value as JsonSchema, change) : value;
  };
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, into(value)])) as JsonSchema;
  return isObjectWithProperties(inner) ? change(inner) : inner;
}

/** A map of properties among which one is called `type` is none: there it is a schema. */
function isObjectWithProperties({ type, properties }: JsonSchema): boolean {
  return [type].flat().includes("object") && typeof properties === "object";
}

function listReached(schemas: Readonly<Record<string, JsonSchema>>): ReadonlySet<string> {
  const reached = new Set<string>();
  const reach = (name: string): void => {
    const schema = schemas[name];
    if (schema === undefined || reached.has(name)) return;
    reached.add(name);
    for (const [, next = ""] of JSON.stringify(schema).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g))
      reach(next);
  };
  for (const [name, schema] of Object.entries(schemas)) if (schema["x-null-absent"] === true) reach(name);
  return reached;
}

function listAbsent(
  { properties = {}, required = [] }: JsonSchema,
  schemas: Readonly<Record<string, JsonSchema>>,
): string[] {
  return Object.entries(properties)
    .filter(([name, property]) => !required.includes(name) && !allowsNull(property, schemas))
    .map(([name]) => name);
}

function allowsNull(schema: JsonSchema, schemas: Readonly<Record<string, JsonSchema>>): boolean {
  const target = schemas[toSchemaName(schema) ?? ""];
  if (target !== undefined) return allowsNull(target, schemas);
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants !== undefined) return variants.some((variant) => allowsNull(variant, schemas));
  return schema.type === undefined || [schema.type].flat().includes("null");
}

function withNull(schema: JsonSchema): JsonSchema {
  const { $ref: reference, ...beside } = schema;
  const nothing: JsonSchema = { type: "null" };
  if (reference !== undefined) return { ...beside, oneOf: [{ $ref: reference }, nothing] };
  if (schema["discriminator"] !== undefined) return { oneOf: [schema, nothing] };
  if (schema.oneOf !== undefined) return { ...schema, oneOf: [...schema.oneOf, nothing] };
  const values = schema.enum === undefined ? {} : { enum: [...schema.enum, null] };
  return { ...schema, ...values, type: [schema.type ?? [], "null"].flat() };
}
