import { resolve } from "node:path";
import { assertValid } from "@clawgate/contract";
import { readText } from "../file.ts";
import { checkConformanceReport, type Report } from "../shapes.ts";
import { type Terminal, UsageError } from "../terminal.ts";

/** More than the report of any run, whatever the server said in it. */
const bytesMax = 64 * 1024 * 1024;

/** A JSON report of an earlier run. Throws `UsageError` for anything else. */
export function loadReport(file: string, terminal: Terminal): Report {
  let value: unknown;
  try {
    value = JSON.parse(readText(resolve(terminal.cwd, file), bytesMax));
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
