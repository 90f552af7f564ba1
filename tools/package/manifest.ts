import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What of the checkout's package.json holds for the published package too. */
const kept = [
  "name",
  "version",
  "description",
  "keywords",
  "license",
  "type",
  "bin",
  "peerDependencies",
  "peerDependenciesMeta",
  "engines",
];

/**
 * The package.json that is published. It has no scripts, so nothing runs when it is installed, and no dependencies: all
 * that the gateway needs is in the bundle, but for the vendors' packages, which are loaded where somebody installed them.
 */
export function toManifest(root: string): Record<string, unknown> {
  const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, unknown>;
  return {
    ...Object.fromEntries(kept.map((key) => [key, own[key]])),
    exports: {
      ".": { types: "./lib/index.d.ts", default: "./lib/index.js" },
      "./client": { types: "./lib/client.d.ts", default: "./lib/client.js" },
      "./openapi-3.2.json": "./generated/openapi-3.2.json",
      "./openapi.json": "./generated/openapi.json",
      "./package.json": "./package.json",
    },
  };
}
