import { type Case, needsProof } from "../case.ts";
import { runCases } from "../judge/engine.ts";
import type { Capabilities, Subject } from "../reach/subject.ts";
import type { Result } from "../verdict.ts";
import type { Change, Mutant } from "./mutant.ts";
import { startChangedServer } from "./proxy.ts";

const newest = 7;
/** A case that waits longer than this for a deadline shows nothing of how a server puts its answers. */
const variantLimitMsMax = 30_000;

/** The golden server, and what it can do: a fault shall not hide by making a probe fail. */
export interface Golden {
  readonly subject: Subject;
  readonly capabilities: Capabilities;
}

/** Runs every case on the variant; the cases that blamed it, with what they said. */
export async function testVariant(variant: Change, cases: readonly Case[], golden: Golden): Promise<string[]> {
  // Cases that start gateways of their own do not look at the variant at all.
  const looking = cases.filter(
    ({ needs = [], limitMs = 0, door }) =>
      !needs.includes("own") &&
      limitMs <= variantLimitMsMax &&
      // What is merely different about frames is seen by nobody else.
      (variant.socket === undefined || door === "websocket"),
  );
  const results = await runOn(variant, looking, golden, newest, 8);
  return results
    .filter(isBlame)
    .map(
      ({ id, sdk, expected, actual, reason }) =>
        `${id}${sdk === undefined ? "" : `@${sdk}`} (${reason ?? `expected ${expected}, got ${actual}`})`,
    );
}

/** Runs the cases that should find the fault; those that did. */
export async function testMutant(mutant: Mutant, cases: readonly Case[], golden: Golden): Promise<string[]> {
  const chosen = cases.filter(({ id }) => mutant.killedBy.includes(id));
  const results = await runOn(mutant, chosen, golden, mutant.sdk ?? newest, 4);
  return [...new Set(results.filter(isFinding).map(({ id }) => id))];
}

/** The MUST cases that no mutant proves. */
export function toUnproven(cases: readonly Case[], mutants: readonly Mutant[]): string[] {
  const proven = new Set(mutants.flatMap(({ killedBy }) => killedBy));
  return cases.filter(({ id, level }) => level === "MUST" && !proven.has(id)).map(({ id }) => id);
}

/** The MUST cases of which no client is named that breaks without them. */
export function toUnnamed(cases: readonly Case[], proofs: ReadonlyMap<string, unknown>): string[] {
  return cases.filter((one) => needsProof(one) && !proofs.has(one.id)).map(({ id }) => id);
}

async function runOn(
  change: Change,
  cases: readonly Case[],
  { subject: golden, capabilities }: Golden,
  sdk: number,
  concurrency: number,
): Promise<readonly Result[]> {
  const server = await startChangedServer(golden.baseUrl, change);
  try {
    // A changed server is no other than this one: it can neither be started again nor be asked for its metrics.
    const { start: _start, countCancelled: _countCancelled, ...called } = golden;
    const url = called.profile === "websocket" ? server.url.replace("http", "ws") : `${server.url}/v1`;
    const subject: Subject = { ...called, baseUrl: url };
    const baseline = new Map<string, string>();
    const { results } = await runCases({ cases, subject, capabilities, sdks: [sdk], concurrency, seed: 1, baseline });
    return results;
  } finally {
    await server.stop();
  }
}

/** A suite that errs has found nothing. */
function isFinding({ verdict }: Result): boolean {
  return verdict === "fail" || verdict === "warn";
}

function isBlame(result: Result): boolean {
  return isFinding(result) || ["error", "not-run"].includes(result.verdict);
}
