import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { assertValid } from "@clawgate/contract";
import { ConfigError } from "../../base/config/config-error.ts";
import { checkScenarioFile, type ScenarioFile } from "../../base/contract.ts";
import { assertPatterns } from "./scenario.ts";

/** Reads scenario files (YAML 1.2) into one: the first match wins, in the order of the files. Throws `ConfigError`. */
export async function loadScenarios(paths: readonly string[], folder: string): Promise<ScenarioFile> {
  const files = await Promise.all(paths.map((path) => loadScenarioFile(resolve(folder, path))));
  const otherwise = files.find((file) => file.otherwise !== undefined)?.otherwise;
  return { scenarios: files.flatMap(({ scenarios }) => scenarios), ...(otherwise === undefined ? {} : { otherwise }) };
}

async function loadScenarioFile(path: string): Promise<ScenarioFile> {
  const value = await parseFile(path);
  assertValid(checkScenarioFile, value, ({ message }) => new ConfigError(`${path}: ${message}`), "the file");
  try {
    assertPatterns(value.scenarios);
  } catch (cause) {
    throw new ConfigError(`${path}: ${(cause as Error).message}`, { cause });
  }
  return value;
}

async function parseFile(path: string): Promise<unknown> {
  try {
    // Only whoever has a scenario file waits for the parser to load.
    const { parse } = await import("yaml");
    return parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new ConfigError(`Cannot read the scenario file ${path}: ${(cause as Error).message}`, { cause });
  }
}
