import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { assertValid } from "@clawgate/contract";
import { checkConformanceReport, type Report } from "../shapes.ts";
import { type Terminal, UsageError } from "../terminal.ts";

/** A JSON report of an earlier run. Throws `UsageError` for anything else. */
export function loadReport(file: string, terminal: Terminal): Report {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(resolve(terminal.cwd, file), "utf8"));
  } catch (error) {
    throw new UsageError(`Cannot read the report ${file}: ${(error as Error).message}`, { cause: error });
  }
  assertValid(
    checkConformanceReport,
    value,
    ({ finding }) =>
      new UsageError(
        `${file} is not a JSON report of this suite: ${toPlace(finding?.instancePath)}${finding?.message}`,
      ),
  );
  return value;
}

/** `/results/3/verdict ` for a value within the report; nothing for the report itself. */
function toPlace(path = ""): string {
  return path === "" ? "" : `${path} `;
}
