import type { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import type { Admitted, EventBatch, HeldEnd, RunAdmission, RunHold, RunWish } from "../run-store.ts";
import { toColumn } from "../column.ts";
import { toEndChecksum, toEntryChecksum, toFormChecksum, toStoredEnd } from "../run-checksum.ts";
import type { Holder } from "./holder.ts";
import { createRunViews } from "./run-views.ts";

/** Runs as they are written. Every function runs inside the caller's transaction, and does what `RunStore` says of it. */
export interface RunRows {
  admit(admission: RunAdmission): Admitted;
  append(request: { readonly hold: RunHold; readonly batch: EventBatch; readonly begun: boolean }): boolean;
  finish(held: HeldEnd): boolean;
  cancel(id: string): boolean;
  wishes(): readonly RunWish[];
  /** Ends the runs of holders that are not here any more. */
  interruptGone(): void;
}

/** The row of a run that its holder may write to. */
const held = "id = $id AND holder = $holder AND epoch = $epoch AND ended_at IS NULL AND last_seq = $from - 1";

export function createRunRows(database: DatabaseSync, holder: Holder): RunRows {
  const views = createRunViews(database);
  const insert = database.prepare(`
    INSERT INTO run (id, principal, namespace, agent_id, session_key, detached, form, form_checksum, state, holder, epoch,
      created_at)
    VALUES ($id, $principal, $namespace, $agentId, $sessionKey, $detached, $form, $checksum, 'queued', $holder, 1, $now)
    RETURNING number, epoch`);
  const getKey = database.prepare(`
    SELECT request_hash, id, holder FROM run_key JOIN run ON run = number
    WHERE run_key.principal = ? AND key = ?`);
  const putKey = database.prepare("INSERT INTO run_key (principal, key, request_hash, run) VALUES (?, ?, ?, ?)");
  const freeKey = database.prepare("DELETE FROM run_key WHERE run = ?");
  const markMet = database.prepare(`
    UPDATE run SET awaited = awaited OR $awaited, detached = detached OR $detached WHERE id = $id AND ended_at IS NULL`);
  const extend = database.prepare(`
    UPDATE run SET last_seq = last_seq + $count, state = iif($begun, 'running', state),
      started_at = iif($begun, ifnull(started_at, $now), started_at)
    WHERE ${held} RETURNING number`);
  const end = database.prepare(`
    UPDATE run SET last_seq = last_seq + $count, state = $state, usage = $usage, answer = $answer, error = $error,
      end_checksum = $checksum, entry_checksum = $entryChecksum,
      started_at = iif($begun, ifnull(started_at, $now), started_at), ended_at = $now
    WHERE ${held} RETURNING number`);
  const putEvent = database.prepare("INSERT INTO run_event (run, seq, body, checksum) VALUES (?, ?, ?, ?)");
  const ask = database.prepare("UPDATE run SET cancel = 1 WHERE id = ? AND ended_at IS NULL");
  const getWishes = database.prepare(`
    SELECT id, cancel, awaited FROM run WHERE ended_at IS NULL AND holder = ? AND (cancel OR awaited)`);
  const getHolders = database.prepare("SELECT DISTINCT holder FROM run WHERE ended_at IS NULL");
  const interrupt = database.prepare(`
    UPDATE run SET state = 'interrupted', epoch = epoch + 1, ended_at = $now WHERE holder = $holder AND ended_at IS NULL`);

  function putEvents(run: number, { from, events }: EventBatch): void {
    for (const [index, body] of events.entries()) putEvent.run(run, from + index, body, crc32(body, from + index));
  }

  function interruptGone(): void {
    const now = Date.now();
    const holders = getHolders.all().map((row) => String(row["holder"]));
    for (const name of holders.filter((one) => !holder.isHere(one))) interrupt.run({ holder: name, now });
  }

  /** The run that has the key, if one has. */
  function meet({ principal, detached, key }: RunAdmission): Admitted | undefined {
    const row = key && getKey.get(principal, toColumn(key.text));
    if (row === undefined) return undefined;
    const id = String(row["id"]);
    const isEqual = row["request_hash"] === key?.requestHash;
    if (isEqual) markMet.run({ id, awaited: Number(row["holder"] !== holder.name), detached: Number(detached) });
    const run = views.find(id);
    return run && { kind: isEqual ? "found" : "conflict", run };
  }

  return {
    admit(admission) {
      interruptGone();
      const met = meet(admission);
      if (met !== undefined) return met;
      const { key, detached, sessionKey, ...rest } = admission;
      const whose = { ...rest, sessionKey: toColumn(sessionKey), detached: Number(detached) };
      const checksum = toFormChecksum(admission.id, admission.form);
      const row = insert.get({ ...whose, checksum, holder: holder.name, now: Date.now() });
      const { number, epoch } = row as { readonly number: number; readonly epoch: number };
      if (key !== undefined) putKey.run(admission.principal, toColumn(key.text), key.requestHash, number);
      return { kind: "begun", hold: { id: admission.id, epoch } };
    },
    append({ hold, batch, begun }) {
      const change = { from: batch.from, count: batch.events.length, begun: Number(begun), now: Date.now() };
      const row = extend.get({ ...hold, ...change, holder: holder.name });
      if (row === undefined) return false;
      putEvents(Number(row["number"]), batch);
      return true;
    },
    finish({ hold, end: { begun, batch, freesKey, ...rest } }) {
      const stored = toStoredEnd(rest);
      const change = {
        ...stored,
        checksum: toEndChecksum(hold.id, stored),
        entryChecksum: toEntryChecksum(hold.id, stored),
        from: batch.from,
        count: batch.events.length,
        begun: Number(begun),
        now: Date.now(),
      };
      const row = end.get({ ...hold, ...change, holder: holder.name });
      if (row === undefined) return false;
      const number = Number(row["number"]);
      putEvents(number, batch);
      if (freesKey === true) freeKey.run(number);
      return true;
    },
    cancel(id) {
      interruptGone();
      return ask.run(id).changes === 1;
    },
    wishes: () =>
      getWishes.all(holder.name).map(({ id, cancel, awaited }) => ({
        id: String(id),
        cancel: cancel === 1,
        awaited: awaited === 1,
      })),
    interruptGone,
  };
}
