import type { ErrorRow, JsonSchema, OpenApi } from "./document.ts";

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

/** The configuration keys whose values are never shown. */
export const secretKeys: readonly (readonly string[])[] = [
${secrets.join("\n")}
];

export const contractVersion = ${JSON.stringify(document.info["version"])};
`;
}

const supports = ["honoured", "forwarded", "ignored", "refused"];

function toSupport(name: string, schema: JsonSchema): string {
  const support = schema["x-support"];
  if (typeof support !== "string" || !supports.includes(support)) {
    throw new Error(`ChatCompletionRequest.${name} needs x-support: one of ${supports.join(", ")}`);
  }
  return support;
}

function listSecrets(schema: JsonSchema, path: readonly string[] = []): string[][] {
  if (schema["x-secret"] === true) return [[...path]];
  const named = Object.entries(schema.properties ?? {}).flatMap(([key, item]) => listSecrets(item, [...path, key]));
  const others = schema.additionalProperties;
  return typeof others === "object" ? [...named, ...listSecrets(others, [...path, "*"])] : named;
}
