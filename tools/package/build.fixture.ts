import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Both packages, built once for all tests. */
export default async function build(): Promise<void> {
  for (const program of ["build.ts", "build-suite.ts"])
    await execute(process.execPath, [join(import.meta.dirname, "..", program)]);
}
