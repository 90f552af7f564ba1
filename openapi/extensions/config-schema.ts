import type { JsonSchema } from "@clawgate/contract/generate";

/** What takes the place of a text: `"${NAME}"` within it, or the content of a file. */
const definitions: Readonly<Record<string, object>> = {
  Reference: { type: "string", pattern: String.raw`\$\{` },
  File: {
    type: "object",
    description: "The content of a file; its path starts from the folder of the configuration.",
    required: ["file"],
    additionalProperties: false,
    properties: { file: { type: "string" } },
  },
};

/** Keywords whose values are no schemas. */
const literals = new Set(["default", "const", "enum", "required", "examples"]);
/** Keywords whose keys are names. */
const maps = new Set(["properties", "$defs"]);

/**
 * The schema of configuration files as editors take it: what the gateway checks, before references are replaced. An
 * editor that knows the keys of JSON Schema alone is not bothered with ours.
 */
export function toConfigSchema(config: JsonSchema): string {
  const { $id: _, $defs, ...rest } = widen(config) as Record<string, unknown>;
  return `${JSON.stringify({ ...rest, $defs: { ...($defs as object), ...definitions } }, null, 2)}\n`;
}

function widen(value: unknown, keyword = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => widen(item));
  if (typeof value !== "object" || value === null || literals.has(keyword)) return value;
  if (maps.has(keyword)) return mapValues(value, (item) => widen(item));
  // A tag chooses among the variants, and a name is none that a reference could be.
  if ("const" in value || keyword === "propertyNames") return strip(value);
  const schema = mapValues(strip(value), (item, name) => widen(item, name));
  if (![schema["type"]].flat().includes("string")) return schema;
  const { description, default: standard, ...own } = schema;
  return {
    ...(description === undefined ? {} : { description }),
    ...(standard === undefined ? {} : { default: standard }),
    anyOf: [own, ...(Object.keys(own).length > 1 ? [{ $ref: "#/$defs/Reference" }] : []), { $ref: "#/$defs/File" }],
  };
}

function strip(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).filter(([name]) => !name.startsWith("x-") && name !== "discriminator"),
  );
}

function mapValues(value: object, change: (item: unknown, name: string) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, change(item, name)]));
}
