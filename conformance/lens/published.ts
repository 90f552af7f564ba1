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

/** Fails unless the value is what the published schema says under this name. */
export function expectPublished(value: unknown, name: string, what: string): void {
  const { ajv, id } = load();
  const check: ValidateFunction | undefined = ajv.getSchema(`${id}#/definitions/${name}`);
  if (check === undefined) throw new Error(`the published schema has no ${name}`);
  if (check(value)) return;
  const [finding] = check.errors ?? [];
  const key: unknown = finding?.params["additionalProperty"];
  const detail = typeof key === "string" ? `has \`${key}\`, which is not in it` : finding?.message;
  throw new Failure(
    `${what} to be a ${name} of the published schema`,
    `${finding?.instancePath || "it"} ${detail}: ${show(value)}`,
  );
}
