import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface SuiteManifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

/** What of the checkout's package.json holds for the published package too. */
const kept = ["name", "version", "description", "license", "type", "bin", "engines"];

/**
 * The package.json of the suite that is published. It has no scripts, so nothing runs when it is installed; the SDKs, which
 * are what servers are looked at through, stay packages of their own, and `@clawgate/contract` is taken in.
 */
export function toSuiteManifest(folder: string): SuiteManifest {
  const own = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as SuiteManifest;
  const { "@clawgate/contract": _taken, ...dependencies } = own.dependencies;
  return {
    ...Object.fromEntries(kept.map((key) => [key, own[key]])),
    exports: {
      ".": { types: "./index.d.ts", default: "./index.js" },
      "./package.json": "./package.json",
    },
    dependencies,
  };
}
