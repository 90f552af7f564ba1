import { Ajv2020 } from "ajv/dist/2020.js";
import standalone from "ajv/dist/standalone/index.js";
import { capitalise, type JsonSchema, listOperations, type OpenApi, toSchemaName } from "./document.ts";

export interface Guards {
  /** An ES module with one validation function for each guard. */
  code(banner: string): string;
  declarations(banner: string): string;
}

interface Guard {
  /** The exported name, `is…`. */
  readonly name: string;
  /** Where Ajv finds the schema. */
  readonly reference: string;
  /** The TypeScript type that a value has once the guard has passed. */
  readonly type: string;
}

/** How the guard of a response is named; also used by the operation table. */
export function toAnswerGuardName(operationId: string, status: string, schema: JsonSchema): string {
  const name = toSchemaName(schema);
  return name === undefined ? `isAnswer${capitalise(operationId)}${status}` : `isAnswer${name}`;
}

export function toBodyGuardName(schema: JsonSchema): string {
  return `is${toSchemaName(schema) ?? "Body"}`;
}

export function toParametersGuardName(operationId: string): string {
  return `is${capitalise(operationId)}Parameters`;
}

/**
 * One guard for each body, set of parameters, answer, chunk and file.
 *
 * Requests are read tolerantly: unknown keys pass. Answers are ours, so their guards are closed: a key that the
 * contract does not name is a violation, although the published schema stays open for later versions.
 */
export function toGuards(document: OpenApi): Guards {
  const ajv = createCompiler(false);
  const guards: Guard[] = [];
  const add = (guard: Guard): void => {
    if (!guards.some(({ name }) => name === guard.name)) guards.push(guard);
  };

  const schemas = tagUnions(clean(document.components.schemas, true) as Record<string, JsonSchema>);
  ajv.addSchema({ $id: "request", components: { schemas } });
  ajv.addSchema({ $id: "answer", components: { schemas: close(schemas) } });

  for (const { operation } of listOperations(document)) {
    addParameters(ajv, operation.operationId, operation.parameters ?? [], add);
    for (const { schema } of Object.values(operation.requestBody?.content ?? {})) {
      const name = toBodyGuardName(schema);
      add({ name, reference: toReference("request", schema), type: toType(schema) });
    }
    for (const [status, { content }] of Object.entries(operation.responses)) {
      for (const { schema } of Object.values(content ?? {})) {
        const name = toAnswerGuardName(operation.operationId, status, schema);
        if (toSchemaName(schema) === undefined) ajv.addSchema({ $id: name, ...(clean(schema) as JsonSchema) });
        add({ name, reference: toReference("answer", schema, name), type: toType(schema) });
      }
    }
  }
  return toModuleFiles(ajv, guards);
}

/** One guard for each named schema; `types` is the generated module that has its type. Defaults are filled in. */
export function toSchemaGuards(schemas: Record<string, JsonSchema>, types: string): Guards {
  const ajv = createCompiler(true);
  const guards = Object.entries(schemas).map(([name, schema]): Guard => {
    const file = clean(schema) as JsonSchema;
    const definitions = (file["$defs"] ?? {}) as Record<string, JsonSchema>;
    ajv.addSchema({ ...file, $defs: tagUnions(definitions), $id: name });
    return { name: `is${name}`, reference: name, type: `import("./${types}").components["schemas"]["${name}"]` };
  });
  return toModuleFiles(ajv, guards);
}

function toModuleFiles(ajv: Ajv2020, guards: readonly Guard[]): Guards {
  return {
    code: (banner) => `// ${banner}\n${toModule(ajv, guards)}`,
    declarations: (banner) => toDeclarations(guards, banner),
  };
}

function createCompiler(useDefaults: boolean): Ajv2020 {
  const ajv = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    discriminator: true,
    // One error is all that OpenAI's envelope can carry, and collecting all of them is a denial of service.
    allErrors: false,
    // The message names expected types and values, which stand in the schema.
    verbose: true,
    useDefaults,
    code: { source: true, esm: true, lines: true },
  });
  ajv.addVocabulary(["components", "x-values"]);
  return ajv;
}

function addParameters(
  ajv: Ajv2020,
  operationId: string,
  parameters: readonly { name: string; required?: boolean; schema: JsonSchema }[],
  add: (guard: Guard) => void,
): void {
  if (parameters.length === 0) return;
  const name = toParametersGuardName(operationId);
  ajv.addSchema({
    $id: name,
    type: "object",
    required: parameters.filter((parameter) => parameter.required).map((parameter) => parameter.name),
    properties: Object.fromEntries(parameters.map((parameter) => [parameter.name, clean(parameter.schema)])),
  });
  const fields = parameters.map(
    ({ name: key, required, schema }) => `"${key}"${required ? "" : "?"}: ${toParameterType(schema)}`,
  );
  add({ name, reference: name, type: `{ ${fields.join("; ")} }` });
}

function toParameterType({ type }: JsonSchema): string {
  return type === "integer" || type === "number" ? "number" : type === "boolean" ? "boolean" : "string";
}

function toReference(document: string, schema: JsonSchema, id?: string): string {
  const name = toSchemaName(schema);
  return name === undefined && id !== undefined ? id : `${document}#/components/schemas/${name}`;
}

function toType(schema: JsonSchema): string {
  const name = toSchemaName(schema);
  return name === undefined ? "unknown" : `import("./openapi.ts").components["schemas"]["${name}"]`;
}

/** Ajv's ES module output still calls `require` for its helpers (ajv #2209); these become imports. */
function toModule(ajv: Ajv2020, guards: readonly Guard[]): string {
  const exports = Object.fromEntries(guards.map(({ name, reference }) => [name, reference]));
  for (const reference of Object.values(exports)) {
    if (!ajv.getSchema(reference)) throw new Error(`no schema at ${reference}`);
  }
  const imports = new Map<string, string>();
  const code = standalone
    .default(ajv, exports)
    .replace(/^"use strict";/, "")
    .replaceAll(/require\("([^"]+)"\)/g, (_, path: string) => {
      const name = imports.get(path) ?? `helper${imports.size}`;
      imports.set(path, name);
      return name;
    });
  const lines = [...imports].map(([path, name]) => `import ${name} from "${path}.js";`);
  return `${lines.join("\n")}\n${code}`;
}

function toDeclarations(guards: readonly Guard[], banner: string): string {
  const lines = guards.map(({ name, type }) => `export declare const ${name}: Guard<${type}>;`);
  return `// ${banner}
/** What was wrong, as Ajv reports it. */
export interface GuardError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly params: Record<string, unknown>;
  readonly message?: string;
  readonly data?: unknown;
  readonly parentSchema?: Record<string, unknown>;
}
/** True if the value has the type. \`errors\` holds the finding of the last call only. */
export interface Guard<T> {
  (value: unknown): value is T;
  errors?: readonly GuardError[] | null;
}
${lines.join("\n")}
`;
}

/** Puts the tags of a union beside its discriminator: the error of an unknown tag does not list the known ones. */
function tagUnions(schemas: Record<string, JsonSchema>): Record<string, JsonSchema> {
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

/** Leaves out what Ajv's strict mode does not know. `isMap`: the keys are names, not keywords. */
function clean(value: unknown, isMap = false): unknown {
  if (Array.isArray(value)) return value.map((item) => clean(item));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(
    ([key]) => isMap || (!key.startsWith("x-") && key !== "example" && key !== "mapping"),
  );
  return Object.fromEntries(
    entries.map(([key, item]) => [key, clean(item, ["properties", "$defs", "schemas"].includes(key) && !isMap)]),
  );
}

/** Forbids unknown keys in every object that lists its keys. */
function close(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(close);
  if (typeof value !== "object" || value === null) return value;
  const schema = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, close(item)])) as JsonSchema;
  const listsKeys = typeof schema.properties === "object" && "type" in schema;
  return listsKeys && schema.additionalProperties === undefined ? { ...schema, additionalProperties: false } : schema;
}
