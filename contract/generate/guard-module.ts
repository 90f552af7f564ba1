import type { Ajv2020 } from "ajv/dist/2020.js";
import standalone from "ajv/dist/standalone/index.js";
import type { Expected } from "../runtime/finding.ts";
import type { JsonSchema } from "./document.ts";

export interface GuardModule {
  /** An ES module with one check for each guard. */
  code(banner: string): string;
  declarations(banner: string): string;
}

export interface Guard {
  /** The exported name. */
  readonly name: string;
  /** Where Ajv finds the schema. */
  readonly reference: string;
  /** The TypeScript type that a value has once the check has passed. */
  readonly type: string;
}

/** `imports` are the lines that the types of the guards need; with `tellAll` each tells everything that it finds. */
export function toGuardModule(
  ajv: Ajv2020,
  guards: readonly Guard[],
  imports: readonly string[],
  tellAll = false,
): GuardModule {
  const kind = tellAll ? "FullCheck" : "Check";
  return {
    code: (banner) => `// ${banner}\n${toCode(ajv, guards, `to${kind}`)}`,
    declarations(banner) {
      const lines = guards.map(({ name, type }) => `export declare const ${name}: ${kind}<${type}>;`);
      const head = [`// ${banner}`, `import type { ${kind} } from "@clawgate/contract";`, ...imports];
      return `${[...head, ...lines].join("\n")}\n`;
    },
  };
}

/** Ajv's ES module output still calls `require` for its helpers (ajv #2209); these become imports. */
function toCode(ajv: Ajv2020, guards: readonly Guard[], wrap: "toCheck" | "toFullCheck"): string {
  const exports = Object.fromEntries(guards.map(({ name, reference }) => [name, reference]));
  for (const reference of Object.values(exports)) {
    if (!ajv.getSchema(reference)) throw new Error(`no schema at ${reference}`);
  }
  const imports = new Map<string, string>();
  const code = standalone
    .default(ajv, exports)
    .replace(/^"use strict";/, "")
    .replaceAll(/^export const (\w+) = (validate\d+);$/gm, `export const $1 = ${wrap}($2);`)
    .replaceAll(/require\("([^"]+)"\)/g, (_, path: string) => {
      const name = imports.get(path) ?? `helper${imports.size}`;
      imports.set(path, name);
      return name;
    });
  const lines = [...imports].map(([path, name]) => `import ${name} from "${path}.js";`);
  return `${[`import { ${wrap} } from "@clawgate/contract";`, ...lines].join("\n")}\n${inlineSchemas(code)}`;
}

const text = String.raw`"(?:[^"\\]|\\.)*"`;
/** A place in a schema, as `schema5.properties["a-b"].type`. */
const place = String.raw`(schema\d+)((?:\.[\w$]+|\[${text}\]|\[\d+\])*)`;

/**
 * The code refers to whole schemas, of which a check needs a few words: those become constants, one for each value, and
 * the schemas go.
 */
function inlineSchemas(code: string): string {
  const schemas = new Map<string, unknown>();
  const rest = code.replaceAll(/^const (schema\d+) = (.*);$/gm, (_, name: string, json: string) => {
    schemas.set(name, JSON.parse(json));
    return "";
  });
  const constants = new Map<string, string>();
  const toConstant = (value: unknown): string => {
    const json = JSON.stringify(value);
    const name = constants.get(json) ?? `constant${constants.size}`;
    constants.set(json, name);
    return name;
  };
  const inlined = rest
    .replaceAll(new RegExp(String.raw`,schemaPath:${text}`, "g"), "")
    .replaceAll(
      new RegExp(String.raw`schema:(?:${text}|[\w.+-]+|${place}),parentSchema:${place},`, "g"),
      (...found) => {
        const [, , , name = "", keys = ""] = found as string[];
        return `expected:${toConstant(toExpected(toValue(schemas, name, keys) as JsonSchema))},`;
      },
    )
    .replaceAll(new RegExp(String.raw`\.call\(${place}, `, "g"), (_, name: string, keys: string) => {
      // Only the names are asked for.
      const names = Object.keys(toValue(schemas, name, keys) as object);
      return `.call(${toConstant(Object.fromEntries(names.map((key) => [key, 1])))}, `;
    })
    .replaceAll(new RegExp(String.raw`\b${place}`, "g"), (_, name: string, keys: string) =>
      toConstant(toValue(schemas, name, keys)),
    );
  if (inlined.includes("parentSchema")) throw new Error("a finding of the guards still holds its schema");
  const lines = [...constants].map(([json, name]) => `const ${name} = ${json};`);
  return `${lines.join("\n")}\n${inlined.replaceAll(/\n{2,}/g, "\n")}`;
}

/** What the place `.properties["a-b"].type` of a schema holds. */
function toValue(schemas: ReadonlyMap<string, unknown>, name: string, keys: string): unknown {
  let value = schemas.get(name);
  if (value === undefined) throw new Error(`the guards refer to ${name}, which is not there`);
  for (const [, word, quoted] of keys.matchAll(/\.([\w$]+)|\[("(?:[^"\\]|\\.)*"|\d+)\]/g)) {
    const key = word ?? String(JSON.parse(quoted ?? ""));
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** What a message says about a schema. */
export function toExpected(schema: JsonSchema): Expected {
  const types = [schema.type ?? []].flat();
  const values = schema["x-values"] as readonly unknown[] | undefined;
  const words = schema["x-words"] as string | undefined;
  return { types, ...(values === undefined ? {} : { values }), ...(words === undefined ? {} : { words }) };
}
