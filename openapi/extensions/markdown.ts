import { type JsonSchema, type OpenApi, resolveDefinition } from "@clawgate/contract/generate";
import type { ErrorRow } from "./policies.ts";

export function toErrorCatalogue(errors: Record<string, ErrorRow>, banner: string): string {
  const rows = Object.entries(errors).map(
    ([code, { status, type, when, fix }]) => `| \`${code}\` | ${status} | \`${type}\` | ${when} | ${fix} |`,
  );
  return `<!-- ${banner} -->

# Error catalogue

Every error is \`{"error": {"message", "type", "param", "code"}}\` with all four keys. These are all the codes.

| code | status | type | when | what to do |
| --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

export function toFieldTable(document: OpenApi, banner: string): string {
  const request = document.components.schemas["ChatCompletionRequest"];
  const required = new Set(request?.required);
  const rows = Object.entries(request?.properties ?? {}).map(([name, schema]) => {
    const accepts = schema["x-accepts"] as unknown[] | undefined;
    const support =
      accepts === undefined
        ? String(schema["x-support"])
        : `${String(schema["x-support"])}, but for ${accepts.map((value) => `\`${JSON.stringify(value)}\``).join(", ")}`;
    const marks = [required.has(name) ? "required" : "", schema["deprecated"] === true ? "deprecated" : ""];
    return `| \`${name}\` | ${support} | ${marks.filter(Boolean).join(", ")} | ${toLine(schema.description)} |`;
  });
  return `<!-- ${banner} -->

# Request fields of \`POST /v1/chat/completions\`

All ${rows.length} fields of OpenAI's request, and what happens to each. *honoured*: the gateway acts on it. *forwarded*: it is
handed to the model provider, best effort. *ignored*: accepted, and named in the response header
\`x-clawgate-ignored\`. *refused*: 400 \`unsupported_value\` with \`param\`.
In every optional field, at every depth, \`null\` is the same as leaving it out.

| field | support | | meaning |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}

/** `isAnchored`: with a place to link to in each row, for Markdown that is read as it is. */
export function toConfigReference(config: JsonSchema, banner: string, isAnchored = false): string {
  return `<!-- ${banner} -->

# Configuration

${config.description?.trim()}

| key | default | meaning |
| --- | --- | --- |
${toConfigRows(config, config, "")
  .map(isAnchored ? toAnchored : String)
  .join("\n")}
`;
}

function toAnchored(row: string): string {
  return row.replace(/^\| `([^`]+)`/, '$&<a id="$1"></a>');
}

function toConfigRows(config: JsonSchema, schema: JsonSchema, prefix: string): string[] {
  const variants = (schema.oneOf ?? []).flatMap((variant) =>
    Object.entries(resolveDefinition(config, variant).properties ?? {}),
  );
  const rows = [...Object.entries(schema.properties ?? {}), ...variants].flatMap(([key, given]) => {
    const path = `${prefix}${key}`;
    const item = resolveDefinition(config, given);
    if (item.type === "object" && item.properties) return toConfigRows(config, item, `${path}.`);
    const inner = typeof item.additionalProperties === "object" ? item.additionalProperties : item.items;
    const row = `| \`${path}\` | ${toDefault(item)} | ${toMeaning(item)} |`;
    const own = item.properties ? toConfigRows(config, item, `${path}.`) : [];
    const suffix = item.type === "array" ? "[]" : ".<name>";
    const below =
      inner === undefined ? [] : toConfigRows(config, resolveDefinition(config, inner), `${path}${suffix}.`);
    return [row, ...own, ...below];
  });
  // The variants of a union share most of their keys.
  return [...new Set(rows)];
}

function toDefault(schema: JsonSchema): string {
  return schema.default === undefined ? "" : `\`${JSON.stringify(schema.default)}\``;
}

function toMeaning(schema: JsonSchema): string {
  const values = schema.enum ? ` One of ${schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(", ")}.` : "";
  const one = schema.const === undefined ? "" : `\`${JSON.stringify(schema.const)}\`: `;
  return one + toLine(schema.description) + values;
}

function toLine(text = ""): string {
  return text.trim().replaceAll(/\s+/g, " ").replaceAll("|", "\\|");
}
