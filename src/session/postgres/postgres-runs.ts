import { hash } from "node:crypto";
import { crc32 } from "node:zlib";
import { fromColumn, toColumn } from "../column.ts";
import { findRunFault, toFormChecksum, toTold } from "../run-checksum.ts";
import {
  type Admitted,
  type EventBatch,
  type IdempotencyKey,
  type Retention,
  type RunAdmission,
  type RunEnd,
  type RunEntry,
  type RunHold,
  type RunRecord,
  type RunStore,
  traceFactor,
} from "../run-store.ts";
import { toKeyColumns } from "./key-columns.ts";
import { toDamage } from "./leased-sessions.ts";
import type { Pool } from "./pool.ts";
import type { RunHolder } from "./run-holder.ts";
import type { EventRow, RecordRow, RunRow, RunStatements } from "./run-statements.ts";
import { toBatchValues, toEndValues } from "./run-values.ts";
import type { WakeUps } from "./wake-ups.ts";

export interface PostgresRunsParts {
  readonly pool: Pool;
  readonly statements: RunStatements;
  readonly wakeUps: WakeUps;
  readonly holder: RunHolder;
}

/** Of the JSON text of one page, which is parsed at once. */
const pageCharactersMax = 4 * 1024 * 1024;
/** A run may have many events, and others wait meanwhile. */
const prunedAtOnce = 8;
/** A key may be freed while it is looked up, so that it is tried again. */
const admissionsMax = 5;

/** The runs of a store in one PostgreSQL database. */
export function createPostgresRuns({ pool, statements, wakeUps, holder }: PostgresRunsParts): RunStore {
  /** The run as it is, after it was interrupted if its holder has gone. */
  async function find(id: string): Promise<RecordRow | undefined> {
    const look = (): Promise<readonly RecordRow[]> => pool.run<RecordRow>(statements.find, () => [toColumn(id)]);
    const [row] = await look();
    if (row?.left !== true) return row;
    await pool.run(statements.interrupt, () => []);
    return (await look())[0];
  }

  async function meet(
    { id: ownId, principal, detached }: Omit<RunAdmission, "key">,
    { requestHash }: IdempotencyKey,
    keyHash: Buffer,
  ) {
    const [found] = await pool.run<{ request_hash: string; run_id: string }>(statements.key, () => [
      toColumn(principal),
      keyHash,
    ]);
    const row = found && (await find(fromColumn(found.run_id)));
    if (found === undefined || row === undefined) return undefined;
    // The admission was sent twice, since its connection was lost.
    if (row.id === toColumn(ownId)) return { kind: "begun", hold: { id: ownId, epoch: row.epoch } } satisfies Admitted;
    const isEqual = found.request_hash === requestHash;
    if (!isEqual || row.ended_at !== null)
      return { kind: isEqual ? "found" : "conflict", run: toRecord(row) } satisfies Admitted;
    const isAwaited = row.holder !== holder.name;
    if (isAwaited || detached) {
      await pool.run(statements.meet, () => [row.id, isAwaited, detached]);
      wakeUps.tellOfRun(fromColumn(row.id));
    }
    return { kind: "found", run: toRecord({ ...row, detached: row.detached || detached }) } satisfies Admitted;
  }

  async function admit({ key, ...admission }: RunAdmission): Promise<Admitted> {
    const session = toKeyColumns(admission.sessionKey);
    const keyHash = key === undefined ? null : toKeyHash(key.text);
    const texts = [admission.id, admission.principal, admission.namespace, admission.agentId].map(toColumn);
    const values = [
      holder.name,
      ...texts,
      session.column,
      session.hash,
      admission.detached,
      admission.form,
      keyHash,
      key?.requestHash,
      toFormChecksum(toColumn(admission.id), admission.form),
    ];
    for (let attempt = 0; attempt < admissionsMax; attempt++) {
      const [begun] = await pool.run<{ epoch: number }>(statements.admit, () => values);
      if (begun !== undefined) return { kind: "begun", hold: { id: admission.id, epoch: begun.epoch } };
      if (key === undefined || keyHash === null) return { kind: "begun", hold: { id: admission.id, epoch: 1 } };
      const met = await meet(admission, key, keyHash);
      if (met !== undefined) return met;
    }
    throw new Error("The key of a run was taken and freed again and again.");
  }

  async function write(hold: RunHold, batch: EventBatch, end: RunEnd | undefined, begun: boolean): Promise<boolean> {
    const { length } = batch.events;
    const statement = end === undefined ? statements.append(length) : statements.finish(length);
    const values = {
      ...toBatchValues(hold, holder.name, batch),
      ...(end === undefined ? { begun } : toEndValues(hold, end)),
    };
    const [row] = await pool.run<{ written: boolean }>(statement, (again) => statement.toValues({ ...values, again }));
    if (row?.written === true) wakeUps.tellOfRun(hold.id);
    return row?.written === true;
  }

  /** Of those that are expired or not, the oldest that are beyond what is kept. */
  async function listBeyond(expired: boolean, { ageMs, runsMax }: Retention): Promise<readonly number[]> {
    const rows = await pool.run<{ number: number; ended_at: number; now: number; total: number }>(
      statements.oldest,
      () => [expired, prunedAtOnce],
    );
    return rows
      .filter(({ ended_at: endedAt, now, total }, index) => index < total - runsMax || endedAt < now - ageMs)
      .map(({ number }) => number);
  }

  return {
    isShared: true,
    async admit(admission) {
      const admitted = await admit(admission);
      if (admitted.kind === "begun") holder.take(admission.id);
      return admitted;
    },
    append: (hold, batch, begun) =>
      holder.inOrder(hold.id, async () => {
        const isWritten = await write(hold, batch, undefined, begun);
        // What is refused is lost, or follows on nothing that was written: then the next is its holder's again.
        if (isWritten) holder.take(hold.id);
        else holder.drop(hold.id);
        return isWritten;
      }),
    finish: (hold, end) =>
      holder.inOrder(hold.id, async () => {
        const isWritten = await write(hold, end.batch, end, false);
        if (isWritten) holder.drop(hold.id);
        return isWritten;
      }),
    async find(id) {
      const row = await find(id);
      return row && toRecord(row);
    },
    async findKeyed(principal, text) {
      const [found] = await pool.run<{ run_id: string }>(statements.key, () => [toColumn(principal), toKeyHash(text)]);
      const row = found && (await find(fromColumn(found.run_id)));
      return row && toRecord(row);
    },
    async list({ namespace, principal, sessionKey, agentIds, states, before, limit }) {
      await pool.run(statements.interrupt, () => []);
      const toText = (text: string | undefined): string | null => (text === undefined ? null : toColumn(text));
      const values = [
        toText(before),
        toText(namespace),
        toText(principal),
        sessionKey === undefined ? null : toKeyColumns(sessionKey).hash,
        agentIds?.map(toColumn) ?? null,
        states ?? null,
        limit + 1,
      ];
      const rows = await pool.run<RunRow>(statements.list, () => values);
      return { items: rows.slice(0, limit).map(toEntry), hasMore: rows.length > limit };
    },
    async events(id, after, limit) {
      const rows = await pool.run<EventRow>(statements.events, () => [toColumn(id), after, limit, pageCharactersMax]);
      for (const [index, { seq, body, checksum }] of rows.entries()) {
        if (seq !== after + index + 1 || crc32(body, seq) !== checksum)
          throw toDamage(toColumn(id), `Event ${seq} of a run is not the one that was written`);
      }
      return { events: rows.map(({ body }) => body), hasMore: (rows[0]?.found ?? 0) > rows.length };
    },
    async cancel(id) {
      const rows = await pool.run(statements.cancel, () => [toColumn(id)]);
      if (rows.length > 0) wakeUps.tellOfRun(id);
      return rows.length > 0;
    },
    async wishes() {
      const rows = await pool.run<{ id: string; cancel: boolean; awaited: boolean }>(statements.wishes, () => [
        holder.name,
      ]);
      return rows.map(({ id, cancel, awaited }) => ({ id: fromColumn(id), cancel, awaited }));
    },
    watch: (listener) => wakeUps.watchRuns(listener),
    async prune({ ageMs, runsMax }) {
      const whole = await listBeyond(false, { ageMs, runsMax });
      if (whole.length > 0) await pool.run(statements.empty, () => [whole]);
      const traces = await listBeyond(true, { ageMs: ageMs * traceFactor, runsMax: runsMax * traceFactor });
      if (traces.length > 0) await pool.run(statements.remove, () => [traces]);
      return whole.length === prunedAtOnce || traces.length === prunedAtOnce;
    },
  };
}

function toKeyHash(text: string): Buffer {
  return hash("sha256", toColumn(text), "buffer");
}

function toRecord(row: RecordRow): RunRecord {
  const fault = row.expired ? undefined : findRunFault(row);
  if (fault !== undefined) throw toDamage(fromColumn(row.session_key), fault);
  return { ...toEntry(row), form: row.form, answer: row.answer ?? undefined };
}

function toEntry(row: RunRow): RunEntry {
  return {
    id: fromColumn(row.id),
    principal: fromColumn(row.principal),
    namespace: fromColumn(row.namespace),
    agentId: fromColumn(row.agent_id),
    sessionKey: fromColumn(row.session_key),
    detached: row.detached,
    ...toTold(row, row.expired),
    createdAt: row.created_at,
    startedAt: row.started_at ?? undefined,
    endedAt: row.ended_at ?? undefined,
    lastSeq: row.last_seq,
    expired: row.expired,
  };
}
