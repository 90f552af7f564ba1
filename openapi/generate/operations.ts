import { listOperations, type Endpoint, type OpenApi, type Parameter } from "./document.ts";
import { toAnswerGuardName, toBodyGuardName, toParametersGuardName } from "./guards.ts";

/** The table that the router and the dispatcher run on: one row for each operation of the contract. */
export function toOperations(document: OpenApi, banner: string): string {
  const endpoints = listOperations(document);
  return `// ${banner}
import * as guards from "./guards.js";
import type { Guard } from "./guards.js";
import type { operations as types } from "./openapi.ts";

export interface OperationRow {
  readonly method: string;
  /** As in the contract, parameters in braces. */
  readonly path: string;
  /** Whether a valid token is needed. */
  readonly secured: boolean;
  /** The switch under \`gateway.http.endpoints\` that turns it off, if it has one. */
  readonly endpoint: string | undefined;
  /** The path parameter that may hold slashes. */
  readonly slashes: string | undefined;
  readonly parameters: Readonly<Record<string, ParameterRow>>;
  readonly isParameters: Guard<object> | undefined;
  /** The guard of the JSON body. */
  readonly isBody: Guard<unknown> | undefined;
  readonly responses: Readonly<Record<number, ResponseRow>>;
}

export interface ParameterRow {
  readonly in: "path" | "header" | "query";
  /** What its text is read as. */
  readonly type: "string" | "integer" | "number" | "boolean";
}

export interface ResponseRow {
  readonly headers: Readonly<Record<string, { readonly required: boolean }>>;
  readonly content: Readonly<Record<string, Guard<unknown>>>;
}

export const operations = {
${endpoints.map(toRow).join("\n")}
} as const satisfies Record<keyof types, OperationRow>;
`;
}

function toRow({ path, method, operation }: Endpoint): string {
  const id = operation.operationId;
  const parameters = operation.parameters ?? [];
  const body = operation.requestBody?.content["application/json"];
  const slashes = parameters.find((parameter) => parameter["x-slashes"]);
  const row = {
    method: JSON.stringify(method),
    path: JSON.stringify(path),
    secured: String(operation.security?.length !== 0),
    endpoint: JSON.stringify(operation["x-endpoint"]) ?? "undefined",
    slashes: JSON.stringify(slashes?.name) ?? "undefined",
    parameters: toParameters(id, parameters),
    isParameters: parameters.length > 0 ? `guards.${toParametersGuardName(id)}` : "undefined",
    isBody: body ? `guards.${toBodyGuardName(body.schema)}` : "undefined",
    responses: toResponses(id, operation.responses),
  };
  const fields = Object.entries(row).map(([key, value]) => `    ${key}: ${value},`);
  return `  ${id}: {\n${fields.join("\n")}\n  },`;
}

const parameterTypes: readonly unknown[] = ["string", "integer", "number", "boolean"];

function toParameters(id: string, parameters: readonly Parameter[]): string {
  const rows = parameters.map(({ name, in: place, schema: { type } }) => {
    if (!parameterTypes.includes(type))
      throw new Error(`${id}: the parameter ${name} needs one of these types: ${parameterTypes.join(", ")}`);
    return [name, { in: place, type }];
  });
  return JSON.stringify(Object.fromEntries(rows));
}

function toResponses(id: string, responses: Endpoint["operation"]["responses"]): string {
  const rows = Object.entries(responses).map(([status, { headers, content }]) => {
    const headerRows = Object.entries(headers ?? {}).map(
      ([name, header]) => `${JSON.stringify(name)}: { required: ${header.required === true} }`,
    );
    const guards = Object.entries(content ?? {}).map(
      ([type, { schema }]) => `${JSON.stringify(type)}: guards.${toAnswerGuardName(id, status, schema)}`,
    );
    return `      ${status}: { headers: { ${headerRows.join(", ")} }, content: { ${guards.join(", ")} } },`;
  });
  return `{\n${rows.join("\n")}\n    }`;
}
