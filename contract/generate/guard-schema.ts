import { type JsonSchema, toSchemaName } from "./document.ts";

/** What says something to readers only, or to other tools. */
const annotations: ReadonlySet<string> = new Set([
  "mapping",
  "example",
  "examples",
  "title",
  "description",
  "deprecated",
  "$schema",
]);

/** Names properties that the schema does not describe, and whose null is a value. */
export const nullKeptWord = "x-null-kept";

/** What a text has to be, for a message to say instead of its pattern. */
export const wordsWord = "x-words";

/** Keywords whose keys are names. */
const maps: ReadonlySet<string> = new Set(["properties", "patternProperties", "dependentSchemas", "$defs", "schemas"]);
/** Keywords whose values are no schemas. */
const literals: ReadonlySet<string> = new Set(["default", "const", "enum"]);

const isKept = (key: string): boolean =>
  key === nullKeptWord || key === wordsWord || (!key.startsWith("x-") && !annotations.has(key));

/** Leaves out what Ajv's strict mode does not know and what no check needs. `isMap`: the keys are names, not keywords. */
export function clean(value: unknown, isMap = false): unknown {
  if (Array.isArray(value)) return value.map((item) => clean(item));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => isMap || isKept(key));
  return Object.fromEntries(
    entries.map(([key, item]) => [key, !isMap && literals.has(key) ? item : clean(item, !isMap && maps.has(key))]),
  );
}

/** Forbids unknown keys in every object that lists its keys. */
export function close(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(close);
  if (typeof value !== "object" || value === null) return value;
  const schema = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, close(item)])) as JsonSchema;
  const listsKeys = typeof schema.properties === "object" && "type" in schema;
  return listsKeys && schema.additionalProperties === undefined ? { ...schema, additionalProperties: false } : schema;
}

/** Puts the tags of a union beside its discriminator: the error of an unknown tag does not list the known ones. */
export function tagUnions(schemas: Record<string, JsonSchema>): Record<string, JsonSchema> {
  const tag = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(tag);
    if (typeof value !== "object" || value === null) return value;
    const schema = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, tag(item)])) as JsonSchema;
    const property = (schema["discriminator"] as { propertyName?: string } | undefined)?.propertyName;
    if (property === undefined) return schema;
    const tags = (schema.oneOf ?? []).map(
      (branch) => schemas[toSchemaName(branch) ?? ""]?.properties?.[property]?.const,
    );
    return { ...schema, "x-values": tags };
  };
  return tag(schemas) as Record<string, JsonSchema>;
}
