import {
  listOperations,
  type Endpoint,
  type OpenApi,
  type Parameter,
  type Response,
  toSchemaName,
} from "./document.ts";
import { toAnswerCheckName, toBodyCheckName, toParametersCheckName } from "./guards.ts";

/** The table that routers and `bind` run on: one row for each operation, typed by it. */
export function toOperations(document: OpenApi, banner: string): string {
  const shared = Object.entries((document.components["responses"] ?? {}) as Record<string, Response>);
  const endpoints = listOperations(document);
  const named = new Map(shared.map(([name]) => [name, ""]));
  const rows = endpoints.map((endpoint) => toRow(document, endpoint, named));
  const used = [...named].filter(([, row]) => row !== "").map(([name, row]) => `  ${JSON.stringify(name)}: ${row},\n`);
  return `// ${banner}
import { noBody, noParameters, type ResponseRow, type Rows } from "@clawgate/contract";
import * as guards from "./guards.js";
import type { operations as Operations } from "./openapi.ts";

/** What operations answer alike. */
const responses = {
${used.join("")}} as const satisfies Record<string, ResponseRow>;

export const operations: Rows<Operations> = {
${rows.join("\n")}
};
`;
}

function toRow(document: OpenApi, { path, method, operation }: Endpoint, named: Map<string, string>): string {
  const id = operation.operationId;
  const parameters = operation.parameters ?? [];
  const body = operation.requestBody?.content["application/json"];
  const extensions = Object.entries(operation).filter(([key]) => key.startsWith("x-"));
  const row = {
    id: JSON.stringify(id),
    method: JSON.stringify(method),
    path: JSON.stringify(path),
    secured: String(listSchemes(document, operation).length > 0),
    scopes: JSON.stringify([
      ...new Set(listSchemes(document, operation).flatMap((scheme) => Object.values(scheme).flat())),
    ]),
    extensions: JSON.stringify(Object.fromEntries(extensions)),
    parameters: toParameters(id, parameters),
    checkParameters: parameters.length > 0 ? `guards.${toParametersCheckName(id)}` : "noParameters",
    hasBody: String(body !== undefined),
    checkBody: body ? `guards.${toBodyCheckName(id, body.schema)}` : "noBody",
    responses: toResponses(document, path, method, operation, named),
  };
  const fields = Object.entries(row).map(([key, value]) => `    ${key}: ${value},`);
  return `  ${id}: {\n${fields.join("\n")}\n  },`;
}

/** What the operation asks for, by the names of the document's security schemes; what stands at the top is for all. */
function listSchemes(document: OpenApi, { security }: Endpoint["operation"]): readonly Record<string, string[]>[] {
  return security ?? (document["security"] as Record<string, string[]>[] | undefined) ?? [];
}

const parameterTypes: readonly unknown[] = ["string", "integer", "number", "boolean"];

function toParameters(id: string, parameters: readonly Parameter[]): string {
  const rows = parameters.map(({ name, in: place, schema: { type }, ...words }) => {
    if (!parameterTypes.includes(type))
      throw new Error(`${id}: the parameter ${name} needs one of these types: ${parameterTypes.join(", ")}`);
    const slashes = words["x-slashes"] === true ? { slashes: true } : {};
    const emptyCounts = words["x-empty-counts"] === true ? { emptyCounts: true } : {};
    return [name, { in: place, type, ...slashes, ...emptyCounts }];
  });
  return JSON.stringify(Object.fromEntries(rows));
}

/** A response that the document shares stands in a table of its own, and rows refer to it. */
function toResponses(
  document: OpenApi,
  path: string,
  method: string,
  { operationId, responses }: Endpoint["operation"],
  named: Map<string, string>,
): string {
  const given = document.paths[path]?.[method.toLowerCase()]?.responses ?? {};
  const rows = Object.entries(responses).map(([status, response]) => {
    const row = toResponse(operationId, status, response);
    const name = toSchemaName((given[status] ?? {}) as { $ref?: string });
    if (name === undefined) return `      ${status}: ${row},`;
    named.set(name, row);
    return `      ${status}: responses[${JSON.stringify(name)}],`;
  });
  return `{\n${rows.join("\n")}\n    }`;
}

function toResponse(id: string, status: string, { headers, content }: Response): string {
  const headerRows = Object.entries(headers ?? {}).map(
    ([name, header]) => `${JSON.stringify(name)}: { required: ${header.required === true} }`,
  );
  const checks = Object.entries(content ?? {}).map(
    ([type, { schema }]) => `${JSON.stringify(type)}: guards.${toAnswerCheckName(id, status, schema)}`,
  );
  const ends = Object.values(content ?? {}).flatMap(({ "x-sse-end": end }) => end ?? []);
  const end = ends[0] === undefined ? "" : `, end: ${JSON.stringify(ends[0])}`;
  return `{ headers: { ${headerRows.join(", ")} }, content: { ${checks.join(", ")} }${end} }`;
}
