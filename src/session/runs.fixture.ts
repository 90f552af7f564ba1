import { expect } from "vitest";
import type { EventBatch, RunAdmission, RunEnd, RunHold, RunRecord, RunStore } from "./run-store.ts";

let made = 0;

/** An admission with an id after all those before it. */
export function toAdmission(more: Partial<RunAdmission> = {}): RunAdmission {
  made += 1;
  return {
    id: `run_${String(made).padStart(8, "0")}`,
    principal: "operator",
    namespace: "",
    agentId: "main",
    sessionKey: "agent:main:a",
    detached: true,
    form: '{"a":"\\u0000"}',
    ...more,
  };
}

export async function begin(runs: RunStore, more: Partial<RunAdmission> = {}): Promise<RunHold> {
  const admitted = await runs.admit(toAdmission(more));
  if (admitted.kind !== "begun") throw new Error(`The run is not begun: ${admitted.kind}.`);
  return admitted.hold;
}

export async function mustFind(runs: RunStore, id: string): Promise<RunRecord> {
  const run = await runs.find(id);
  if (run === undefined) throw new Error(`There is no run ${id}.`);
  return run;
}

export const toBatch = (from: number, ...events: string[]): EventBatch => ({ from, events });

export function toEnd(from: number, more: Partial<RunEnd> = {}): RunEnd {
  return { state: "completed", begun: true, batch: toBatch(from), answer: '"done"', ...more };
}

/** What may happen to the row of a run that has answered; `other` is the id of another. */
export const rowDamages: readonly { readonly what: string; readonly sql: (id: string, other: string) => string }[] = [
  { what: "another answer", sql: (id) => `UPDATE run SET answer = '"no"' WHERE id = ${id}` },
  { what: "no answer", sql: (id) => `UPDATE run SET answer = NULL WHERE id = ${id}` },
  { what: "the answer as an error", sql: (id) => `UPDATE run SET error = answer, answer = NULL WHERE id = ${id}` },
  { what: "an error beside it", sql: (id) => `UPDATE run SET error = '{}' WHERE id = ${id}` },
  { what: "another state", sql: (id) => `UPDATE run SET state = 'failed' WHERE id = ${id}` },
  { what: "another usage", sql: (id) => `UPDATE run SET usage = '{"total_tokens":1}' WHERE id = ${id}` },
  { what: "another form", sql: (id) => `UPDATE run SET form = '{}' WHERE id = ${id}` },
  {
    what: "the end of another run",
    sql: (id, other) => toOthers(["answer", "end_checksum"], id, other),
  },
];

/** Those of them of which something is told where runs are listed. */
export const toldDamages = [
  ...rowDamages.filter(({ what }) => ["an error beside it", "another state", "another usage"].includes(what)),
  { what: "a usage that is none", sql: (id: string) => `UPDATE run SET usage = '{' WHERE id = ${id}` },
  { what: "the state of another run", sql: (id: string, other: string) => toOthers(["entry_checksum"], id, other) },
];

/** How such a run is listed. */
export const toldDamaged = (id: string): object => ({
  id,
  state: "failed",
  usage: undefined,
  error: expect.stringContaining('"session_damaged"') as string,
});

function toOthers(names: readonly string[], id: string, other: string): string {
  return names
    .map((name) => `UPDATE run SET ${name} = (SELECT o.${name} FROM run AS o WHERE o.id = ${other}) WHERE id = ${id}`)
    .join("; ");
}
