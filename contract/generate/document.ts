/** The parts of an OpenAPI document, 3.1 or 3.2, that the generator reads. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface JsonSchema {
  [key: string]: unknown;
  $ref?: string;
  type?: string | string[];
  description?: string;
  default?: Json;
  enum?: Json[];
  const?: Json;
  required?: string[];
  properties?: Record<string, JsonSchema>;
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  allOf?: JsonSchema[];
}

export interface Parameter {
  name: string;
  in: "path" | "header" | "query";
  required?: boolean;
  schema: JsonSchema;
  /** A path parameter that may hold slashes, which OpenAPI has no word for. */
  "x-slashes"?: boolean;
  /** A parameter whose empty text is checked as any other; else it is the same as none. */
  "x-empty-counts"?: boolean;
}

export interface MediaType {
  /** Of the whole content; in edition 3.1, of the data of one event. */
  schema: JsonSchema;
  /** The literal data of the last event of a stream. */
  "x-sse-end"?: string;
  [key: string]: unknown;
}

export interface Response {
  description: string;
  headers?: Record<string, { required?: boolean; schema: JsonSchema }>;
  content?: Record<string, MediaType>;
}

export interface Operation {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Record<string, MediaType> };
  responses: Record<string, Response>;
  /** The scopes that are needed, by the name of the scheme. */
  security?: Record<string, string[]>[];
  [key: `x-${string}`]: unknown;
}

export interface OpenApi {
  openapi: string;
  info: Record<string, unknown>;
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, JsonSchema>;
    [section: string]: Record<string, unknown>;
  };
  [key: string]: unknown;
}

export interface Endpoint {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

/** Every operation of the document, its parameters and responses with their references resolved one level. */
export function listOperations(document: OpenApi): Endpoint[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation: {
        ...operation,
        parameters: (operation.parameters ?? []).map((parameter) => resolve(document, parameter)),
        responses: Object.fromEntries(
          Object.entries(operation.responses).map(([status, response]) => {
            const resolved = resolve(document, response);
            const headers = Object.entries(resolved.headers ?? {}).map(([name, header]) => [
              name,
              resolve(document, header),
            ]);
            return [status, { ...resolved, headers: Object.fromEntries(headers) }];
          }),
        ),
      },
    })),
  );
}

/** A schema behind a reference into the `$defs` of its file; what stands beside the reference wins. */
export function resolveDefinition(file: JsonSchema, schema: JsonSchema): JsonSchema {
  const { $ref: reference, ...beside } = schema;
  if (reference === undefined) return schema;
  const definitions = (file["$defs"] ?? {}) as Record<string, JsonSchema>;
  const target = definitions[reference.replace("#/$defs/", "")];
  if (target === undefined) throw new Error(`${reference} points at nothing`);
  return { ...target, ...beside };
}

function resolve<T>(document: OpenApi, value: T): T {
  const reference = (value as { $ref?: string }).$ref;
  if (reference === undefined) return value;
  let place: unknown = document;
  for (const key of reference.slice(2).split("/")) place = (place as Record<string, unknown>)[key];
  if (place === undefined) throw new Error(`${reference} points at nothing`);
  return place as T;
}

/** The last name of a reference such as `#/components/schemas/Model`. */
export function toSchemaName(schema: JsonSchema): string | undefined {
  return schema.$ref?.split("/").at(-1);
}

export function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
