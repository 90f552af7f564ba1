import type { ErrorRow, JsonSchema, OpenApi } from "./document.ts";

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

| field | support | | meaning |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}

export function toConfigReference(config: JsonSchema, banner: string): string {
  return `<!-- ${banner} -->

# Configuration

${config.description?.trim()}

| key | default | meaning |
| --- | --- | --- |
${toConfigRows(config, "").join("\n")}
`;
}

function toConfigRows(schema: JsonSchema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, item]) => {
    const path = `${prefix}${key}`;
    if (item.type === "object" && item.properties) return toConfigRows(item, `${path}.`);
    const inner = typeof item.additionalProperties === "object" ? item.additionalProperties : item.items;
    const suffix = item.type === "array" ? "[]" : ".<name>";
    const row = `| \`${path}\` | ${toDefault(item)} | ${toMeaning(item)} |`;
    return inner?.properties ? [row, ...toConfigRows(inner, `${path}${suffix}.`)] : [row];
  });
}

function toDefault(schema: JsonSchema): string {
  return schema.default === undefined ? "" : `\`${JSON.stringify(schema.default)}\``;
}

function toMeaning(schema: JsonSchema): string {
  const values = schema.enum ? ` One of ${schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(", ")}.` : "";
  return toLine(schema.description) + values;
}

function toLine(text = ""): string {
  return text.trim().replaceAll(/\s+/g, " ").replaceAll("|", "\\|");
}
