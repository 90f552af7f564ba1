import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ConfigError } from "./config-error.ts";
import type { Environment } from "./source.ts";

/**
 * Replaces every `"${NAME}"` by the environment variable and every `{ file: "path" }` by the content of the file, the
 * path being relative to `folder`. A reference that cannot be resolved is an error which names its key, never an empty
 * text: an empty token would let everyone in.
 */
export function resolveReferences(value: unknown, environment: Environment, folder: string, key = ""): unknown {
  if (typeof value === "string") return resolveVariable(value, environment, key);
  if (Array.isArray(value)) {
    return value.map((item, index) => resolveReferences(item, environment, folder, `${key}[${index}]`));
  }
  if (typeof value !== "object" || value === null) return value;
  const file = toFileReference(value);
  if (file !== undefined) return readReference(resolve(folder, file), key);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      resolveReferences(item, environment, folder, key === "" ? name : `${key}.${name}`),
    ]),
  );
}

function resolveVariable(text: string, environment: Environment, key: string): string {
  const name = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(text)?.[1];
  if (name === undefined) return text;
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (value) return value;
  throw new ConfigError(
    `${key} refers to the environment variable ${name}, which is ${value === "" ? "empty" : "not set"}.`,
  );
}

function toFileReference(value: object): string | undefined {
  const [entry, ...others] = Object.entries(value);
  return others.length === 0 && entry?.[0] === "file" && typeof entry[1] === "string" ? entry[1] : undefined;
}

function readReference(path: string, key: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new ConfigError(`${key} refers to the file ${path}, which cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (text === "") throw new ConfigError(`${key} refers to the file ${path}, which is empty.`);
  return text;
}
