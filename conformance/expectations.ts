import { capabilities as known, type Capability } from "./capability.ts";
import type { Capabilities } from "./subject.ts";
import type { Result } from "./verdict.ts";

/** Where it is said that a server has a capability. */
export type Expectations = ReadonlyMap<Capability, string>;

export function isCapability(name: string): name is Capability {
  return Object.hasOwn(known, name);
}

/**
 * A result for each capability that somebody counts on. Without it the cases that need it are skipped, which fails nobody:
 * a server that has stopped checking keys would pass.
 */
export function judgeCapabilities(expected: Expectations, found: Capabilities): Result[] {
  return [...expected].map(([name, source]) => {
    const finding = found.get(name);
    const base = {
      id: toCapabilityId(name),
      group: "CAP",
      level: "MUST",
      requirement: `The server has what it is said to have: ${known[name]}.`,
      source,
      ms: 0,
      exchanges: [],
      notes: [],
    } as const;
    if (finding?.present === true) return { ...base, verdict: "pass" };
    return { ...base, verdict: "fail", expected: `the capability ${name}`, actual: finding?.why ?? "not probed" };
  });
}

/** Under this name a baseline can know it. */
export function toCapabilityId(name: Capability): string {
  return `CAP-${name.toUpperCase()}`;
}
