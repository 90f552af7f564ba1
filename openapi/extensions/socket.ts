import type { JsonSchema, OpenApi } from "@clawgate/contract/generate";

/** What openapi/websocket.yaml has beside its schemas. */
export interface SocketFile extends JsonSchema {
  scopes: Record<string, { needs: string; opens: string }>;
  capabilities: string[];
  methods: Record<string, { params: string; payload: string; scopes: string[]; summary: string }>;
  events: Record<string, { payload: string; summary: string }>;
}

/** The tables that the socket runs on: types of all methods and events, and a row with the checks of each. */
export function toSocketTables(file: SocketFile, banner: string): string {
  assertNames(file);
  const { scopes, capabilities, methods, events } = file;
  const quote = (value: unknown): string => JSON.stringify(value);
  const methodTypes = Object.entries(methods).map(
    ([name, { params, payload }]) =>
      `  ${quote(name)}: { params: Schemas["${params}"]; payload: Schemas["${payload}"] };`,
  );
  const eventTypes = Object.entries(events).map(([name, { payload }]) => `  ${quote(name)}: Schemas["${payload}"];`);
  const methodRows = Object.entries(methods).map(
    ([name, { params, payload, scopes: any }]) =>
      `  ${quote(name)}: { scopes: ${quote(any)}, checkParams: guards.check${params}, checkPayload: guards.check${payload} },`,
  );
  const eventRows = Object.entries(events).map(([name, { payload }]) => `  ${quote(name)}: guards.check${payload},`);
  const scopeRows = Object.entries(scopes).map(([name, { needs }]) => `  ${quote(name)}: ${quote(needs)},`);
  return `// ${banner}
import type { Check } from "@clawgate/contract";
import * as guards from "./websocket-guards.js";
import type { components } from "./websocket.ts";

type Schemas = components["schemas"];

/** What each method takes and answers. */
export interface SocketMethods {
${methodTypes.join("\n")}
}

/** What each event tells. */
export interface SocketEvents {
${eventTypes.join("\n")}
}

/** What each scope of a connection takes of the caller's key. */
export const socketScopes = {
${scopeRows.join("\n")}
} as const;

export type SocketScope = keyof typeof socketScopes;

export const socketCapabilities: readonly string[] = ${quote(capabilities)};

/** One row for each method; a connection needs one of its scopes. */
export const socketMethods: {
  readonly [M in keyof SocketMethods]: {
    readonly scopes: readonly SocketScope[];
    readonly checkParams: Check<SocketMethods[M]["params"]>;
    readonly checkPayload: Check<SocketMethods[M]["payload"]>;
  };
} = {
${methodRows.join("\n")}
};

/** The check of what each event tells. */
export const socketEvents: { readonly [E in keyof SocketEvents]: Check<SocketEvents[E]> } = {
${eventRows.join("\n")}
};
`;
}

/** A name that leads nowhere would only be a type error in the generated file, which nobody looks for there. */
function assertNames({ scopes, methods, events, $defs }: SocketFile): void {
  const schemas = $defs as Record<string, JsonSchema>;
  for (const [name, { payload }] of [...Object.entries(methods), ...Object.entries(events)])
    if (schemas[payload] === undefined)
      throw new Error(`websocket.yaml: ${name} has the payload ${payload}, which is not there`);
  for (const [name, { params, scopes: any }] of Object.entries(methods)) {
    if (schemas[params] === undefined)
      throw new Error(`websocket.yaml: ${name} has the params ${params}, which are not there`);
    const unknown = any.find((scope) => scopes[scope] === undefined);
    if (unknown !== undefined)
      throw new Error(`websocket.yaml: ${name} asks for the scope ${unknown}, which is not there`);
  }
}

/** The reference of the socket as Markdown, without a title. */
export function toSocketReference(file: SocketFile): string {
  const { description = "", scopes, methods, events, capabilities } = file;
  const methodRows = Object.entries(methods).map(
    ([name, { summary, scopes: any, params }]) =>
      `| \`${name}\` | ${toLine(summary)} | ${toParams(file, params)} | ${any.map((scope) => `\`${scope}\``).join(" or ")} |`,
  );
  const eventRows = Object.entries(events).map(([name, { summary }]) => `| \`${name}\` | ${toLine(summary)} |`);
  const scopeRows = Object.entries(scopes).map(
    ([name, { needs, opens }]) => `| \`${name}\` | ${toLine(opens)} | \`${needs}\` |`,
  );
  return `${description.trim()}

| method | what it does | params | scope |
| --- | --- | --- | --- |
${methodRows.join("\n")}

Any other method is answered with the error \`INVALID_REQUEST\`, \`unknown method\`. Capabilities: ${capabilities.map((name) => `\`${name}\``).join(", ")}.

| event | what it tells |
| --- | --- |
${eventRows.join("\n")}

| scope | what it opens | scope of the key |
| --- | --- | --- |
${scopeRows.join("\n")}
`;
}

function toParams({ $defs }: SocketFile, name: string): string {
  const { properties = {}, required = [] } = (($defs ?? {}) as Record<string, JsonSchema>)[name] ?? {};
  return Object.keys(properties)
    .map((key) => (required.includes(key) ? `**\`${key}\`**` : `\`${key}\``))
    .join(" ");
}

export function toSocketPage(file: SocketFile, banner: string): string {
  return `<!-- ${banner} -->\n\n# The gateway protocol over WebSocket\n\n${toSocketReference(file)}`;
}

/** The socket stands in the page of the HTTP contract as a chapter of words: OpenAPI has no place for its frames. */
export function addSocketChapter(document: OpenApi, file: SocketFile): void {
  const tags = document["tags"] as { name: string; description: string }[];
  tags.push({ name: "websocket", description: toSocketReference(file) });
}

function toLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, " ").replaceAll("|", "\\|");
}
