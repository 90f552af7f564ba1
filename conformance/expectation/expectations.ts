import { capabilities as known, type Capability } from "../reach/capability.ts";
import type { Capabilities } from "../reach/subject.ts";
import type { Result } from "../verdict.ts";
import type { Manifest } from "./manifest.ts";

/** Where somebody has said that a server has a capability: on the command line, or in the report of an earlier run. */
export type Expectations = ReadonlyMap<Capability, string>;

export function isCapability(name: string): name is Capability {
  return Object.hasOwn(known, name);
}

/**
 * A result for each capability that somebody counts on, or that the server claims. Without it the cases that need it are
 * skipped, which fails nobody: a server that has stopped checking keys would pass.
 */
export function judgeCapabilities(
  expected: Expectations,
  manifest: Manifest | undefined,
  found: Capabilities,
): Result[] {
  // What this run cannot look at, as for want of a key, is not held against a claim.
  const isTried = (name: Capability): boolean => found.get(name)?.untried !== true;
  const claims = (manifest?.claims ?? []).filter((name) => !expected.has(name) && isTried(name));
  return [
    ...(manifest?.fault === undefined ? [] : [toManifestFault(manifest)]),
    ...[...expected].map(([name, source]) => judge(name, source, found)),
    ...claims.map((name) => judge(name, `${manifest?.place} claims it.`, found)),
  ];
}

function judge(name: Capability, source: string, found: Capabilities): Result {
  const finding = found.get(name);
  const base = toBase(toCapabilityId(name), `The server has what it is said to have: ${known[name]}.`, source);
  if (finding?.present === true) return { ...base, verdict: "pass" };
  const { why = "not probed", exchanges = [] } = finding ?? {};
  return { ...base, verdict: "fail", expected: `the capability ${name}`, actual: why, exchanges };
}

const manifestId = "CAP-MANIFEST";

function toManifestFault({ place, fault = "" }: Manifest): Result {
  const base = toBase(manifestId, "What the server publishes as its manifest can be read.", place);
  return { ...base, verdict: "fail", expected: "a manifest as the suite's README describes it", actual: fault };
}

function toBase(id: string, requirement: string, source: string) {
  return { id, group: "CAP", level: "MUST", requirement, source, ms: 0, exchanges: [], notes: [] } as const;
}

/** Under this name a baseline can know it. */
function toCapabilityId(name: Capability): string {
  return `CAP-${name.toUpperCase()}`;
}

export const capabilityIds: readonly string[] = [
  ...Object.keys(known).filter(isCapability).map(toCapabilityId),
  manifestId,
];
