import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import { Failure, show } from "../expect.ts";

/** What OpenClaw publishes of its frames, with every object closed; read by the first case that needs it. */
let published: { readonly ajv: Ajv; readonly id: string } | undefined;

function load(): { readonly ajv: Ajv; readonly id: string } {
  if (published !== undefined) return published;
  // The package exports its programs only; the schema stands beside them.
  const file = new URL("../protocol.schema.json", import.meta.resolve("@openclaw/gateway-protocol"));
  const schema = JSON.parse(readFileSync(file, "utf8")) as { readonly $id: string };
  const ajv = new Ajv({ strict: false, validateFormats: false });
  ajv.addSchema(schema);
  return (published = { ajv, id: schema.$id });
}

/** Why the value is not what the published schema says under this name; undefined if it is. */
export function findUnpublished(value: unknown, name: string): string | undefined {
  const { ajv, id } = load();
  const check: ValidateFunction | undefined = ajv.getSchema(`${id}#/definitions/${name}`);
  if (check === undefined) throw new Error(`the published schema has no ${name}`);
  if (check(value)) return undefined;
  const [finding] = check.errors ?? [];
  const key: unknown = finding?.params["additionalProperty"];
  const detail = typeof key === "string" ? `has \`${key}\`, which is not in it` : finding?.message;
  return `${finding?.instancePath || "it"} ${detail}`;
}

/** Fails unless the value is what the published schema says under this name. */
export function expectPublished(value: unknown, name: string, what: string): void {
  const finding = findUnpublished(value, name);
  if (finding === undefined) return;
  throw new Failure(`${what} to be a ${name} of the published schema`, `${finding}: ${show(value)}`);
}
