import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import type { OpenApi } from "./document.ts";

const redocly = join(dirname(createRequire(import.meta.url).resolve("@redocly/cli/package.json")), "bin/cli.js");

/** Reads YAML, or JSON, which is YAML too. */
export function loadYaml(path: string): unknown {
  return parse(readFileSync(path, "utf8"));
}

/** Runs the Redocly command line, which must not phone home from a build. */
export function runRedocly(args: readonly string[]): void {
  execFileSync(process.execPath, [redocly, ...args], {
    env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
    stdio: ["ignore", "ignore", "pipe"],
  });
}

/** The document and every file that it refers to as one document, its references in `components`. */
export function bundle(path: string, scratch: string): OpenApi {
  const file = join(scratch, "bundle.json");
  runRedocly(["bundle", path, "--ext", "json", "-o", file]);
  const document = JSON.parse(readFileSync(file, "utf8")) as OpenApi;
  if (!document.openapi.startsWith("3.2.")) {
    throw new Error(
      `${path}: 'openapi' is ${document.openapi}; the source is written as 3.2, and 3.1 is derived from it.`,
    );
  }
  return document;
}
