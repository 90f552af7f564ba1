import type { Case } from "../case.ts";
import { runCases } from "../engine.ts";
import { probe } from "../probe.ts";
import type { OwnSubject, Subject } from "../subject.ts";
import type { Result } from "../verdict.ts";
import type { Change, Mutant } from "./mutant.ts";
import { startChangedServer } from "./proxy.ts";

const newest = 7;

/** Runs every case on the variant; the cases that blamed it, with what they said. */
export async function testVariant(variant: Change, cases: readonly Case[], golden: OwnSubject): Promise<string[]> {
  // Cases that start gateways of their own do not look at the variant at all.
  const looking = cases.filter(({ needs = [] }) => !needs.includes("own"));
  const results = await runOn(variant, looking, golden, [newest, 4]);
  return results
    .filter(isBlame)
    .map(
      ({ id, sdk, expected, actual, reason }) =>
        `${id}${sdk === undefined ? "" : `@${sdk}`} (${reason ?? `expected ${expected}, got ${actual}`})`,
    );
}

/** Runs the cases that should find the fault; those that did. */
export async function testMutant(mutant: Mutant, cases: readonly Case[], golden: OwnSubject): Promise<string[]> {
  const chosen = cases.filter(({ id }) => mutant.killedBy.includes(id));
  const results = await runOn(mutant, chosen, golden, [mutant.sdk ?? newest]);
  return [...new Set(results.filter(isBlame).map(({ id }) => id))];
}

/** The MUST cases that no mutant proves. */
export function toUnproven(cases: readonly Case[], mutants: readonly Mutant[]): string[] {
  const proven = new Set(mutants.flatMap(({ killedBy }) => killedBy));
  return cases.filter(({ id, level }) => level === "MUST" && !proven.has(id)).map(({ id }) => id);
}

async function runOn(
  change: Change,
  cases: readonly Case[],
  golden: OwnSubject,
  sdks: readonly number[],
): Promise<readonly Result[]> {
  const server = await startChangedServer(golden.baseUrl, change);
  try {
    const { start: _start, stop: _stop, ...plain } = golden;
    const subject: Subject = { ...plain, baseUrl: `${server.url}/v1` };
    // What the golden server can do, so that a fault cannot hide by making a probe fail.
    const capabilities = await probe(golden);
    const { results } = await runCases({
      cases,
      subject,
      capabilities,
      sdks,
      concurrency: 4,
      seed: 1,
      baseline: new Map(),
    });
    return results;
  } finally {
    await server.stop();
  }
}

function isBlame({ verdict }: Result): boolean {
  return verdict === "fail" || verdict === "warn" || verdict === "error";
}
