import openapiTS, { astToString, type OpenAPI3 } from "openapi-typescript";
import type { JsonSchema, OpenApi } from "./document.ts";

/** Types of the whole contract. A field with a default stays optional: the guard of a request fills none in. */
export async function toTypes(document: OpenApi, banner: string): Promise<string> {
  const nodes = await openapiTS(inlineHeaders(document) as unknown as OpenAPI3, { defaultNonNullable: false });
  return `// ${banner}\n${astToString(nodes)}`;
}

/** openapi-typescript takes every header behind a reference for required. */
function inlineHeaders(document: OpenApi): OpenApi {
  const inline = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inline);
    if (typeof value !== "object" || value === null) return value;
    const reference = (value as JsonSchema).$ref;
    if (reference?.startsWith("#/components/headers/"))
      return document.components["headers"]?.[reference.split("/")[3] ?? ""];
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inline(item)]));
  };
  return inline(document) as OpenApi;
}

/** Types of stand-alone JSON schemas as their check leaves the value: where it fills defaults in, they are there. */
export async function toSchemaTypes(
  schemas: Record<string, JsonSchema>,
  banner: string,
  fillDefaults: boolean,
): Promise<string> {
  const document = {
    openapi: "3.1.0",
    info: { title: "schemas", version: "0" },
    paths: {},
    components: { schemas: liftDefinitions(schemas) },
  };
  const nodes = await openapiTS(document as unknown as OpenAPI3, { defaultNonNullable: fillDefaults });
  return `// ${banner}\n${astToString(nodes)}`;
}

/** Moves `$defs` to the components, the one place where openapi-typescript makes named types. */
function liftDefinitions(schemas: Record<string, JsonSchema>): Record<string, JsonSchema> {
  const lifted: Record<string, JsonSchema> = {};
  for (const [name, { $schema: _, $id: __, $defs, ...schema }] of Object.entries(schemas)) {
    lifted[name] = schema;
    Object.assign(lifted, $defs);
  }
  return JSON.parse(JSON.stringify(lifted).replaceAll('"#/$defs/', '"#/components/schemas/')) as Record<
    string,
    JsonSchema
  >;
}
