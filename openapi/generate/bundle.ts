import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { OpenApi } from "./document.ts";

const source = join(import.meta.dirname, "..");
const redocly = join(source, "../node_modules/@redocly/cli/bin/cli.js");

export function loadYaml(name: string): unknown {
  return parse(readFileSync(join(source, name), "utf8"));
}

/** Runs the Redocly command line, which must not phone home from a build. */
export function runRedocly(args: readonly string[]): void {
  execFileSync(process.execPath, [redocly, ...args], {
    cwd: join(source, ".."),
    env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
    stdio: ["ignore", "ignore", "pipe"],
  });
}

/** The contract as one document, with the closed table of error codes put into the schema of `error.code`. */
export function bundle(scratch: string, errorCodes: readonly string[]): OpenApi {
  const file = join(scratch, "bundle.json");
  runRedocly(["bundle", "openapi/openapi.yaml", "--ext", "json", "-o", file]);
  const document = JSON.parse(readFileSync(file, "utf8")) as OpenApi;
  const code = document.components.schemas["ErrorCode"];
  if (code === undefined) throw new Error("the contract has no schema ErrorCode");
  delete code["x-enum-from"];
  code.enum = [...errorCodes];
  return document;
}
