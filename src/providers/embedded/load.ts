import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ConfigError } from "../../config/error.ts";
import { isScenarioFile, type ScenarioFile } from "../../contract.ts";
import { toViolation } from "../../violation.ts";
import { assertPatterns, parseScenarios } from "./scenario.ts";

/** Reads scenario files into one: the first match wins, in the order of the files. Throws `ConfigError`. */
export function loadScenarios(paths: readonly string[], folder: string): ScenarioFile {
  const files = paths.map((path) => loadScenarioFile(resolve(folder, path)));
  const otherwise = files.find((file) => file.otherwise !== undefined)?.otherwise;
  return { scenarios: files.flatMap(({ scenarios }) => scenarios), ...(otherwise === undefined ? {} : { otherwise }) };
}

function loadScenarioFile(path: string): ScenarioFile {
  let value: unknown;
  try {
    value = parseScenarios(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new ConfigError(`Cannot read the scenario file ${path}: ${(cause as Error).message}`, { cause });
  }
  if (!isScenarioFile(value))
    throw new ConfigError(`${path}: ${toViolation(isScenarioFile.errors, "the file").message}`);
  try {
    assertPatterns(value.scenarios);
  } catch (cause) {
    throw new ConfigError(`${path}: ${(cause as Error).message}`, { cause });
  }
  return value;
}
