import { readFileSync } from "node:fs";

/** The version of the package that the suite came with. */
export const suiteVersion: string = (
  JSON.parse(readFileSync(new URL("../generated/openapi.json", import.meta.url), "utf8")) as {
    info: { version: string };
  }
).info.version;
