import { readFileSync } from "node:fs";

/** The version of the suite's package. */
export const suiteVersion: string = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }
).version;
