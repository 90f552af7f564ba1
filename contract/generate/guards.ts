import { Ajv2020 } from "ajv/dist/2020.js";
import { absentNullKeyword, markAbsentNulls } from "./absent-null.ts";
import { capitalise, type JsonSchema, listOperations, type OpenApi, type Parameter, toSchemaName } from "./document.ts";
import { type Guard, type GuardModule, toGuardModule } from "./guard-module.ts";
import { clean, close, nullKeptWord, tagUnions, wordsWord } from "./guard-schema.ts";

/** How the check of a response is named; also used by the operation table. */
export function toAnswerCheckName(operationId: string, status: string, schema: JsonSchema): string {
  const name = toSchemaName(schema);
  return name === undefined ? `checkAnswer${capitalise(operationId)}${status}` : `checkAnswer${name}`;
}

export function toBodyCheckName(operationId: string, schema: JsonSchema): string {
  return `check${toSchemaName(schema) ?? `${capitalise(operationId)}Body`}`;
}

export function toParametersCheckName(operationId: string): string {
  return `check${capitalise(operationId)}Parameters`;
}

/**
 * One check for each body, set of parameters, answer and event.
 *
 * Requests are read tolerantly: unknown keys pass, and a null that means absence is taken out. Answers are ours, so their checks are closed: a key that the contract
 * does not name is a violation, although the published schema stays open for later versions.
 */
export function toGuards(document: OpenApi): GuardModule {
  const ajv = createCompiler(false);
  const guards: Guard[] = [];
  const add = (guard: Guard, schema: JsonSchema | undefined): void => {
    if (guards.some(({ name }) => name === guard.name)) return;
    if (schema !== undefined) ajv.addSchema({ $id: guard.reference, ...schema });
    guards.push(guard);
  };

  const schemas = tagUnions(clean(document.components.schemas, true) as Record<string, JsonSchema>);
  ajv.addSchema({ $id: "request", components: { schemas: markAbsentNulls(document, schemas) } });
  ajv.addSchema({ $id: "answer", components: { schemas: close(schemas) } });

  for (const { operation } of listOperations(document)) {
    const { operationId: id, parameters = [], requestBody, responses } = operation;
    if (parameters.length > 0) {
      const name = toParametersCheckName(id);
      add({ name, reference: name, type: `Parameters<Operations, "${id}">` }, toParametersSchema(parameters));
    }
    const body = requestBody?.content["application/json"]?.schema;
    if (body !== undefined) {
      const name = toBodyCheckName(id, body);
      add(
        { name, reference: toReference("request", body, name), type: `Body<Operations, "${id}">` },
        toOwn("request", body),
      );
    }
    for (const [status, { content }] of Object.entries(responses)) {
      for (const { schema } of Object.values(content ?? {})) {
        const name = toAnswerCheckName(id, status, schema);
        add({ name, reference: toReference("answer", schema, name), type: toType(schema) }, toOwn("answer", schema));
      }
    }
  }
  const imports = [
    'import type { Body, Parameters } from "@clawgate/contract";',
    'import type { components, operations as Operations } from "./openapi.ts";',
  ];
  return toGuardModule(ajv, guards, imports);
}

export interface SchemaGuardOptions {
  readonly types: string;
  readonly fillDefaults: boolean;
  /** Whether the check tells all that is wrong, and not the first. Only for what no stranger sends. */
  readonly tellAll: boolean;
}

/**
 * One check for each named schema; `types` is the generated module that has its type. Where defaults are filled in, into
 * the very value that is checked, the name says so.
 */
export function toSchemaGuards(
  schemas: Record<string, JsonSchema>,
  { types, fillDefaults, tellAll }: SchemaGuardOptions,
): GuardModule {
  const ajv = createCompiler(fillDefaults, { tellAll });
  const guards = Object.entries(schemas).map(([name, schema]): Guard => {
    const file = clean(schema) as JsonSchema;
    const definitions = (file["$defs"] ?? {}) as Record<string, JsonSchema>;
    ajv.addSchema({ ...file, $defs: tagUnions(definitions), $id: name });
    return { name: `${fillDefaults ? "fill" : "check"}${name}`, reference: name, type: toType({ $ref: name }) };
  });
  return toGuardModule(ajv, guards, [`import type { components } from "./${types}";`], tellAll);
}

/** The same for the `$defs` of one file, which share what they refer to. */
export function toDefinitionGuards(
  { $defs }: JsonSchema,
  { types, fillDefaults, tellAll }: SchemaGuardOptions,
): GuardModule {
  const ajv = createCompiler(fillDefaults, { tellAll, inlineRefs: false });
  const definitions = tagUnions(clean($defs ?? {}, true) as Record<string, JsonSchema>);
  ajv.addSchema({ $id: "file", $defs: definitions });
  const guards = Object.keys(definitions).map((name): Guard => {
    const reference = `file#/$defs/${name}`;
    return { name: `${fillDefaults ? "fill" : "check"}${name}`, reference, type: toType({ $ref: name }) };
  });
  return toGuardModule(ajv, guards, [`import type { components } from "./${types}";`], tellAll);
}

/** `inlineRefs` makes faster code, and more of it. */
function createCompiler(useDefaults: boolean, { inlineRefs = true, tellAll = false } = {}): Ajv2020 {
  const ajv = new Ajv2020({
    inlineRefs,
    strict: true,
    allowUnionTypes: true,
    discriminator: true,
    // One error is all that OpenAI's envelope can carry, and collecting all of them is a denial of service.
    allErrors: tellAll,
    // The message names what the schema expects; guard-module.ts keeps of it what a message needs.
    verbose: true,
    useDefaults,
    code: { source: true, esm: true, lines: true },
  });
  // Where these two may come, each call of a guard makes objects for them. Without them they are unknown, and refused.
  ajv.removeKeyword("unevaluatedProperties").removeKeyword("unevaluatedItems");
  Object.assign(ajv.opts, { unevaluated: false });
  ajv.addVocabulary(["components", "x-values", wordsWord]);
  ajv.addKeyword(absentNullKeyword);
  ajv.addKeyword(nullKeptWord);
  return ajv;
}

function toParametersSchema(parameters: readonly Parameter[]): JsonSchema {
  return {
    type: "object",
    required: parameters.filter((parameter) => parameter.required).map((parameter) => parameter.name),
    properties: Object.fromEntries(
      parameters.map((parameter) => [parameter.name, clean(parameter.schema) as JsonSchema]),
    ),
  };
}

/** A schema that stands in place is added under the name of its check, its references leading to the components. */
function toOwn(document: "request" | "answer", schema: JsonSchema): JsonSchema | undefined {
  if (toSchemaName(schema) !== undefined) return undefined;
  const text = JSON.stringify(clean(document === "answer" ? close(schema) : schema));
  return JSON.parse(text.replaceAll('"#/components/', `"${document}#/components/`)) as JsonSchema;
}

function toReference(document: "request" | "answer", schema: JsonSchema, own: string): string {
  const name = toSchemaName(schema);
  return name === undefined ? own : `${document}#/components/schemas/${name}`;
}

function toType(schema: JsonSchema): string {
  const name = toSchemaName(schema);
  return name === undefined ? "unknown" : `components["schemas"]["${name}"]`;
}
