import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allowAbsentNulls } from "./absent-null.ts";
import { bundle, loadYaml } from "./bundle.ts";
import type { JsonSchema, OpenApi } from "./document.ts";
import { toEdition31 } from "./edition31.ts";
import { toDefinitionGuards, toGuards, toSchemaGuards } from "./guards.ts";
import { toOperations } from "./operations.ts";
import { compareFiles, type Files, writeFiles } from "./output.ts";
import { toSchemaTypes, toTypes } from "./types.ts";

export { loadYaml, runRedocly } from "./bundle.ts";
export { type JsonSchema, listOperations, type OpenApi, type Operation, resolveDefinition } from "./document.ts";
export { type Files, readFiles } from "./output.ts";

/** A file of JSON schemas, in YAML or JSON, that belongs to no OpenAPI document. */
export interface SchemaFile {
  readonly file: string;
  /** The type that the whole file describes; without it, each of its `$defs` is a type of its own. */
  readonly type?: string;
  /** Whether the check fills missing values in, where the schema has a `default`. Its name then begins with `fill`. */
  readonly fillDefaults?: boolean;
  /** Whether the check tells all that is wrong, and not the first. Only for what no stranger sends. */
  readonly tellAll?: boolean;
}

/** What an extension makes its files from. */
export interface GenerateContext {
  /** The bundled document as it is published. Throws if there is none; so do the others. */
  readonly edition32: OpenApi;
  /** The same for tools that read no 3.2. */
  readonly edition31: OpenApi;
  /** The 3.1 edition as a request is once its guard has let it pass: without the nulls that mean absence. */
  readonly checked: OpenApi;
  /** The first line of each file, without the signs of a comment. */
  readonly banner: string;
  /** An empty folder that is gone afterwards. */
  readonly scratch: string;
}

export type Extension = (context: GenerateContext) => Files | Promise<Files>;

export interface GenerateOptions {
  /** The OpenAPI 3.2 document; files that it refers to are read too. */
  readonly document?: string;
  /** Changes the bundled document before anything is made from it. */
  readonly edit?: (document: OpenApi) => void;
  /** Schema files by the name of the module that each becomes. */
  readonly schemas?: Readonly<Record<string, SchemaFile>>;
  /** The folder, which afterwards holds what was generated and nothing else. */
  readonly out: string;
  readonly banner?: string;
  readonly extensions?: readonly Extension[];
  /** Writes nothing, and says what differs. */
  readonly check?: boolean;
}

export interface GenerateResult {
  readonly files: readonly string[];
  /** One sentence for each file that is missing, edited or left over; always empty unless `check` is set. */
  readonly differences: readonly string[];
}

/** Makes types, guards, operation rows and both editions of the document, and what the extensions add to them. */
export async function generate(options: GenerateOptions): Promise<GenerateResult> {
  const { out, check = false } = options;
  const scratch = mkdtempSync(join(tmpdir(), "contract-generate-"));
  try {
    const files = await toFiles(options, scratch);
    const differences = check ? compareFiles(out, files) : [];
    if (!check) writeFiles(out, files);
    return { files: Object.keys(files), differences };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function toFiles(options: GenerateOptions, scratch: string): Promise<Files> {
  const { banner = "Generated. Do not edit.", schemas = {}, extensions = [] } = options;
  const editions = options.document === undefined ? undefined : loadEditions(options.document, scratch, options.edit);
  const files: Files = editions === undefined ? {} : await toContractFiles(editions, banner);
  for (const [name, file] of Object.entries(schemas)) Object.assign(files, await toSchemaFiles(name, file, banner));
  const context: GenerateContext = {
    get edition32() {
      return mustHave(editions).edition32;
    },
    get edition31() {
      return mustHave(editions).edition31;
    },
    get checked() {
      return mustHave(editions).checked;
    },
    banner,
    scratch,
  };
  for (const extension of extensions) Object.assign(files, await extension(context));
  return files;
}

type Editions = Pick<GenerateContext, "edition31" | "edition32" | "checked">;

function loadEditions(path: string, scratch: string, edit?: (document: OpenApi) => void): Editions {
  const written = bundle(path, scratch);
  edit?.(written);
  const edition32 = allowAbsentNulls(written);
  return { edition32, edition31: toEdition31(edition32), checked: toEdition31(written) };
}

function mustHave(editions: Editions | undefined): Editions {
  if (editions === undefined) throw new Error("an extension asks for the document, but generate() was given none");
  return editions;
}

async function toContractFiles({ edition31, edition32, checked }: Editions, banner: string): Promise<Files> {
  const guards = toGuards(checked);
  return {
    "openapi.json": toJson(edition31),
    "openapi-3.2.json": toJson(edition32),
    "openapi.ts": await toTypes(checked, banner),
    "operations.ts": toOperations(edition31, banner),
    "guards.js": guards.code(banner),
    "guards.d.ts": guards.declarations(banner),
  };
}

async function toSchemaFiles(
  name: string,
  { file, type, fillDefaults = false, tellAll = false }: SchemaFile,
  banner: string,
): Promise<Files> {
  const schema = loadYaml(file) as JsonSchema;
  const schemas = type === undefined ? toNamedSchemas(schema) : { [type]: schema };
  const options = { types: `${name}.ts`, fillDefaults, tellAll };
  const guards = type === undefined ? toDefinitionGuards(schema, options) : toSchemaGuards(schemas, options);
  return {
    [`${name}.ts`]: await toSchemaTypes(schemas, banner, fillDefaults),
    [`${name}-guards.js`]: guards.code(banner),
    [`${name}-guards.d.ts`]: guards.declarations(banner),
  };
}

/** Every definition of a file as a schema of its own. */
function toNamedSchemas({ $defs }: JsonSchema): Record<string, JsonSchema> {
  const definitions = ($defs ?? {}) as Record<string, JsonSchema>;
  return Object.fromEntries(Object.entries(definitions).map(([name, schema]) => [name, { ...schema, $defs }]));
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
