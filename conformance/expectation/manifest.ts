import { parse } from "yaml";
import type { Capability } from "../reach/capability.ts";
import { isObject } from "../expect.ts";
import { withQuery } from "../lens/query.ts";
import { send } from "../lens/wire.ts";
import { checkConformanceManifest, type PublishedManifest } from "../shapes.ts";
import type { Capabilities, Subject } from "../reach/subject.ts";

/** What a server says that it has; see ConformanceManifest in schemas.yaml. */
export interface Manifest {
  /** The address or the file where it stands. */
  readonly place: string;
  readonly claims: readonly Capability[];
  /** Why what is published there cannot be read. */
  readonly fault?: string;
}

/** Where a server publishes it: in the folder that its API lies in. */
const path = ".well-known/openai-compatible.json";

type Violation = NonNullable<ReturnType<typeof checkConformanceManifest>>;

/** Reads JSON or YAML. Throws an error that says where it is wrong and what there could be. */
export function parseManifest(text: string, place: string): Manifest {
  return toManifest(parse(text), place);
}

/**
 * What the server publishes; undefined if it publishes none. Many a server answers every path with a page or an object of
 * its own: a manifest is what says that it is one.
 */
export async function fetchManifest(subject: Subject): Promise<Manifest | undefined> {
  const base = new URL(subject.baseUrl.replace(/^ws/, "http"));
  const place = new URL(path, base).href;
  const request = { path: withQuery(subject, place), method: "GET", limitMs: 5000, bodyBytesMax: 64 * 1024 };
  const answer = await send(subject, request, () => undefined).catch(() => undefined);
  if (answer?.status !== 200 || !isObject(answer.json) || !("manifest" in answer.json)) return undefined;
  try {
    return toManifest(answer.json, place);
  } catch (error) {
    return { place, claims: [], fault: (error as Error).message };
  }
}

/** The same capabilities, each with whether the server claims it. */
export function markClaims(found: Capabilities, manifest: Manifest | undefined): Capabilities {
  if (manifest === undefined || manifest.fault !== undefined) return found;
  const claims: ReadonlySet<Capability> = new Set(manifest.claims);
  // That the suite has started the server is nothing that a server could claim.
  return new Map(
    [...found].map(([name, finding]) => [name, name === "own" ? finding : { ...finding, claimed: claims.has(name) }]),
  );
}

/** What stands beside a capability in every report. */
export function toClaim(claimed: boolean | undefined): string {
  return claimed === undefined ? "" : claimed ? "claimed" : "not claimed";
}

function toManifest(value: unknown, place: string): Manifest {
  const violation = checkConformanceManifest(value);
  if (violation !== undefined) throw new Error(toFault(value, violation));
  // The guard has let it pass.
  const { claims } = value as PublishedManifest;
  return { place, claims };
}

function toFault(value: unknown, { finding }: Violation): string {
  const { keyword, instancePath = "", params = {} } = finding ?? {};
  if (!isObject(value)) return 'a manifest is an object, as in {"manifest": 1, "claims": ["auth"]}';
  const where = instancePath.slice(1).replaceAll(/\/(\d+)/g, "[$1]");
  const [, at = ""] = /^\/claims\/(\d+)$/.exec(instancePath) ?? [];
  if (keyword === "required") return `it lacks '${String(params["missingProperty"])}'`;
  if (keyword === "additionalProperties")
    return `it has a key '${String(params["additionalProperty"]).slice(0, 40)}', which no manifest has`;
  if (instancePath === "/manifest") return `it is of version ${toShort(value["manifest"])}; this suite reads version 1`;
  if (at !== "" && Array.isArray(value["claims"])) {
    const names = Array.isArray(params["allowedValues"]) ? `; there are ${params["allowedValues"].join(", ")}` : "";
    return `${where} is ${toShort(value["claims"][Number(at)])}, which is no capability${names}`;
  }
  return `${where} ${finding?.message ?? "is wrong"}`;
}

function toShort(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 60);
}
