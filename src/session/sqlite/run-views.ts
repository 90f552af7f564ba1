import type { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import type { EventPage, RunEntry, RunPage, RunQuery, RunRecord } from "../run-store.ts";
import { fromColumn, toColumn } from "../column.ts";
import { type CheckedEntry, findRunFault, toTold } from "../run-checksum.ts";
import { StoreFailure } from "./store-failure.ts";

/** Looking runs up and reading what they have said. Every function runs inside the caller's transaction. */
export interface RunViews {
  find(id: string): RunRecord | undefined;
  findKeyed(principal: string, text: string): RunRecord | undefined;
  list(query: RunQuery): RunPage;
  events(id: string, after: number, limit: number): EventPage;
}

/** Of the JSON text of one page, which crosses threads and is parsed at once. */
const pageCharactersMax = 4 * 1024 * 1024;

// The tables are STRICT, so the columns have the types that these rows claim.
interface EntryRow extends CheckedEntry {
  readonly principal: string;
  readonly namespace: string;
  readonly agent_id: string;
  readonly session_key: string;
  readonly detached: number;
  readonly last_seq: number;
  readonly expired: number;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
}

interface RecordRow extends EntryRow {
  readonly form: string;
  readonly answer: string | null;
  readonly form_checksum: number | null;
  readonly end_checksum: number | null;
}

interface EventRow {
  readonly seq: number;
  readonly body: string;
  readonly checksum: number;
}

const entryColumns = `id, principal, namespace, agent_id, session_key, detached, state, last_seq, usage, error, expired,
  created_at, started_at, ended_at, entry_checksum`;

export function createRunViews(database: DatabaseSync): RunViews {
  const getRun = database.prepare(
    `SELECT ${entryColumns}, form, answer, form_checksum, end_checksum FROM run WHERE id = ?`,
  );
  const getKeyed = database.prepare(`
    SELECT id FROM run_key JOIN run ON run = number WHERE run_key.principal = ? AND key = ?`);
  const getRuns = database.prepare(`
    SELECT ${entryColumns} FROM run
    WHERE ($before IS NULL OR id < $before)
      AND ($namespace IS NULL OR namespace = $namespace)
      AND ($principal IS NULL OR principal = $principal)
      AND ($sessionKey IS NULL OR session_key = $sessionKey)
      AND ($agentIds IS NULL OR agent_id IN (SELECT value FROM json_each($agentIds)))
      AND ($states IS NULL OR state IN (SELECT value FROM json_each($states)))
    ORDER BY id DESC LIMIT $limit`);
  const getEvents = database.prepare(`
    SELECT seq, body, checksum FROM run_event
    WHERE run = (SELECT number FROM run WHERE id = $id) AND seq > $after ORDER BY seq LIMIT $limit`);

  function find(id: string): RunRecord | undefined {
    const row = getRun.get(id) as RecordRow | undefined;
    const fault = row === undefined || row.expired === 1 ? undefined : findRunFault(row);
    if (fault !== undefined) throw new StoreFailure("corrupt", `${fault}.`);
    return row && { ...toEntry(row), form: row.form, answer: row.answer ?? undefined };
  }

  return {
    find,
    findKeyed(principal, text) {
      const row = getKeyed.get(principal, toColumn(text));
      return row && find(String(row["id"]));
    },
    list({ namespace = null, principal = null, sessionKey, agentIds, states, before = null, limit }) {
      const rows = getRuns.all({
        namespace,
        principal,
        before,
        sessionKey: sessionKey === undefined ? null : toColumn(sessionKey),
        agentIds: agentIds === undefined ? null : JSON.stringify(agentIds),
        states: states === undefined ? null : JSON.stringify(states),
        limit: limit + 1,
      }) as unknown as EntryRow[];
      return { items: rows.slice(0, limit).map(toEntry), hasMore: rows.length > limit };
    },
    events(id, after, limit) {
      const events: string[] = [];
      let characters = 0;
      for (const given of getEvents.iterate({ id, after, limit: limit + 1 })) {
        const { seq, body, checksum } = given as unknown as EventRow;
        if (seq !== after + events.length + 1 || crc32(body, seq) !== checksum)
          throw new StoreFailure("corrupt", `Event ${seq} of the run ${id} is not the one that was written.`);
        characters += body.length;
        if (events.length === limit || (events.length > 0 && characters > pageCharactersMax))
          return { events, hasMore: true };
        events.push(body);
      }
      return { events, hasMore: false };
    },
  };
}

function toEntry(row: EntryRow): RunEntry {
  return {
    id: row.id,
    principal: row.principal,
    namespace: row.namespace,
    agentId: row.agent_id,
    sessionKey: fromColumn(row.session_key),
    detached: row.detached === 1,
    ...toTold(row, row.expired === 1),
    createdAt: row.created_at,
    startedAt: row.started_at ?? undefined,
    endedAt: row.ended_at ?? undefined,
    lastSeq: row.last_seq,
    expired: row.expired === 1,
  };
}
