import { resolve } from "node:path";
import { type Case, needsProof } from "../case.ts";
import type { Host } from "../host.ts";
import { runPool } from "../reach/pool.ts";
import { loadClients } from "../proof/clients.ts";
import { proofs } from "../proof/proofs.ts";
import { findProof, type Proof, repeatProof } from "../proof/prove.ts";
import { writeText } from "../report/write.ts";
import { mutants as generic } from "../self-test/mutants.ts";
import { listGroups } from "../judge/select.ts";
import type { Subject } from "../reach/subject.ts";
import { type Terminal, UsageError } from "../terminal.ts";
import { exitStatus } from "../verdict.ts";
import { waitForSubject } from "./wait-for-subject.ts";
import { createStatusLine } from "../tell/status-line.ts";
import { type SubjectFlags, withSubject } from "./with-subject.ts";

export interface ProveFlags extends SubjectFlags {
  /** Looks for proofs anew and writes them here. */
  readonly write?: string;
}

const atOnce = 4;
const outcomeShades = { breaks: "good", whole: "bad", missing: "faint" } as const;

/**
 * Shows that a client breaks without what a case requires: it is used on a server that is well, and on the same server with
 * one fault. The server is the host's own, or one that has the fixture.
 */
export async function proveCases(
  cases: readonly Case[],
  ids: readonly string[],
  flags: ProveFlags,
  host: Host,
  terminal: Terminal,
): Promise<void> {
  const wanted = ids.map((id) => id.toUpperCase());
  const unknown = wanted.filter((id) => !cases.some((one) => one.id === id));
  if (unknown.length > 0) throw new UsageError(`There is no case ${unknown.join(", ")}. ${listGroups(cases)}`);
  const unproved = flags.write === undefined ? wanted.filter((id) => !proofs.has(id)) : [];
  if (unproved.length > 0)
    throw new UsageError(`${unproved.join(", ")} has no proof: no client that we can name breaks without it.`);
  await withSubject(flags, host, terminal, async (target) => {
    await waitForSubject(target, { terminal });
    const { start: _start, countCancelled: _countCancelled, ...golden } = target.subject;
    if (flags.write === undefined) return repeat(wanted, golden, terminal);
    const sought = cases.filter((one) => (wanted.length === 0 ? needsProof(one) : wanted.includes(one.id)));
    const found = await search(sought, golden, terminal);
    writeText(resolve(terminal.cwd, flags.write), `${JSON.stringify(found, null, 2)}\n`);
  });
}

async function repeat(ids: readonly string[], golden: Subject, terminal: Terminal): Promise<void> {
  const clients = await loadClients();
  const sought = [...proofs.values()].filter(({ id }) => ids.length === 0 || ids.includes(id));
  const status = createStatusLine(terminal);
  let [done, missing] = [0, 0];
  await runPool(sought, atOnce, async (proof) => {
    status.show(`${done} of ${sought.length}, ${proof.id}`);
    const { outcome, well, broken } = await repeatProof(proof, { clients, faults: generic, golden });
    done++;
    if (outcome === "missing") missing++;
    const word = terminal.paint.print(outcomeShades[outcome], outcome.padEnd(9));
    status.print(`${word} ${proof.id}: ${proof.client}, ${proof.use}`);
    if (ids.length > 0) terminal.print(`  the fault ${proof.fault}\n  well   ${well}\n  broken ${broken}`);
    if (outcome === "whole") terminal.fail(exitStatus.failed);
  });
  status.end();
  if (missing < done) return;
  terminal.note("Nothing was proved: the clients are not installed here.");
  terminal.fail(exitStatus.erred);
}

async function search(cases: readonly Case[], golden: Subject, terminal: Terminal): Promise<Proof[]> {
  const clients = await loadClients();
  const [found, wells] = [[] as Proof[], new Map<string, Promise<string | undefined>>()];
  const status = createStatusLine(terminal);
  let done = 0;
  await runPool(cases, atOnce, async (one) => {
    const { id } = one;
    status.show(`${done} of ${cases.length}, ${id}`);
    const proof = await findProof(one, { clients, faults: generic, golden, wells });
    done++;
    status.print(proof === undefined ? `none ${id}` : `ok   ${id}: ${proof.client}, ${proof.use}, ${proof.fault}`);
    if (proof !== undefined) found.push(proof);
  });
  status.end();
  return found.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
