import { type JsonSchema, listOperations, type OpenApi, resolveDefinition } from "@clawgate/contract/generate";

/** One row of openapi/errors.yaml. */
export interface ErrorRow {
  status: number;
  type: string;
  when: string;
  fix: string;
  retry?: boolean;
}

/** The tables that the gateway acts on: what each error code means, what happens to each request field. */
export function toPolicies(
  document: OpenApi,
  errors: Record<string, ErrorRow>,
  config: JsonSchema,
  banner: string,
): string {
  const fields = document.components.schemas["ChatCompletionRequest"]?.properties ?? {};
  const errorRows = Object.entries(errors).map(
    ([code, { status, type, retry }]) => `  ${code}: { status: ${status}, type: "${type}", retry: ${retry === true} },`,
  );
  const fieldRows = Object.entries(fields).map(([name, schema]) => {
    const accepts = schema["x-accepts"];
    const row = { support: toSupport(name, schema), ...(accepts === undefined ? {} : { accepts }) };
    return `  ${name}: ${JSON.stringify(row)},`;
  });
  const readRows = listReadKeys(document).map(([kind, keys]) => `  ${kind}: ${JSON.stringify(keys)},`);
  assertScopes(document, config);
  const secrets = listSecrets(config).map((path) => `  ${JSON.stringify(path)},`);
  return `// ${banner}
export type Support = "honoured" | "forwarded" | "ignored" | "refused";

export const errorCodes = {
${errorRows.join("\n")}
} as const;

/** What happens to each field of a chat completion request; \`accepts\` are the values that are not refused. */
export const requestFields = {
${fieldRows.join("\n")}
} as const satisfies Record<string, { readonly support: Support; readonly accepts?: readonly unknown[] }>;

/**
 * The keys that are read of a message by its role, of a part, a call or a tool by its type, and of what stands under that
 * type in a call or a tool; with those that SDKs replay, which say nothing that is not said elsewhere.
 */
export const readKeys: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
${readRows.join("\n")}
};

/** The configuration keys whose values are never shown. */
export const secretKeys: readonly (readonly string[])[] = [
${secrets.join("\n")}
];

export const contractVersion = ${JSON.stringify(document.info["version"])};
`;
}

/** Of each kind of thing in a request, the schemas that say what it may be. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  message: ["Message"],
  part: ["UserPart", "AssistantPart"],
  call: ["ToolCall"],
  tool: ["Tool"],
};

function listReadKeys(document: OpenApi): [kind: string, keys: Record<string, string[]>][] {
  const rows: [string, Record<string, string[]>][] = [];
  for (const [kind, names] of Object.entries(kinds)) {
    const keys: Record<string, string[]> = {};
    const inner: Record<string, string[]> = {};
    for (const name of names) {
      for (const [tag, schema] of listVariants(document, name)) {
        keys[tag] = toReadKeys(schema);
        const within = schema.properties?.[tag];
        if (within !== undefined) inner[tag] = toReadKeys(resolveSchema(document, within));
      }
    }
    rows.push([kind, keys]);
    if (kind === "call" || kind === "tool") rows.push([`${kind}Inner`, inner]);
  }
  return rows;
}

function listVariants(document: OpenApi, name: string): [tag: string, schema: JsonSchema][] {
  const union = document.components.schemas[name]?.["discriminator"] as { mapping: Record<string, string> } | undefined;
  return Object.entries(union?.mapping ?? {}).map(([tag, $ref]) => [tag, resolveSchema(document, { $ref })]);
}

function resolveSchema({ components: { schemas } }: OpenApi, schema: JsonSchema): JsonSchema {
  const name = schema.$ref?.split("/").at(-1);
  return name === undefined ? schema : (schemas[name] ?? {});
}

function toReadKeys(schema: JsonSchema): string[] {
  const read = Object.entries(schema.properties ?? {}).flatMap(([key, one]) =>
    one["x-support"] === "ignored" ? [] : [key],
  );
  return [...read, ...((schema["x-replayed"] as string[] | undefined) ?? [])];
}

/** Every operation says in its own row whom it is for: nobody in particular, or keys with one scope of the configuration. */
export function assertScopes(document: OpenApi, config: JsonSchema): void {
  const key = (config["$defs"] as Record<string, JsonSchema> | undefined)?.["Key"];
  const known = key?.properties?.["scopes"]?.items?.enum ?? [];
  for (const { operation } of listOperations(document)) {
    const { operationId, security } = operation;
    if (security?.length === 0) continue;
    const scopes = (security ?? []).flatMap((scheme) => Object.values(scheme).flat());
    if (scopes.length === 1 && scopes.every((scope) => known.includes(scope))) continue;
    throw new Error(`${operationId} needs security: [] or [{ token: [one of ${JSON.stringify(known)}] }]`);
  }
}

const supports = ["honoured", "forwarded", "ignored", "refused"];

function toSupport(name: string, schema: JsonSchema): string {
  const support = schema["x-support"];
  if (typeof support !== "string" || !supports.includes(support)) {
    throw new Error(`ChatCompletionRequest.${name} needs x-support: one of ${supports.join(", ")}`);
  }
  return support;
}

/** Where secrets stand; `*` is any name. An `x-secret` object has a secret under every name. */
function listSecrets(config: JsonSchema): string[][] {
  const paths = new Map<string, string[]>();
  const visit = (schema: JsonSchema, path: readonly string[]): void => {
    const target = resolveDefinition(config, schema);
    if (target["x-secret"] === true) {
      const found = [...path, ...(target.type === "object" ? ["*"] : [])];
      paths.set(JSON.stringify(found), found);
      return;
    }
    for (const [key, item] of Object.entries(target.properties ?? {})) visit(item, [...path, key]);
    if (typeof target.additionalProperties === "object") visit(target.additionalProperties, [...path, "*"]);
    for (const variant of target.oneOf ?? []) visit(variant, path);
  };
  visit(config, []);
  return [...paths.values()];
}
