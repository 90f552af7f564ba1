import type { DatabaseSync } from "node:sqlite";
import type { HistoryQuery, Page, SessionEntry, SessionQuery } from "../store.ts";
import { fromColumn } from "../column.ts";
import type { HistoryRow } from "./protocol.ts";

/** Looking sessions up and reading their history. Every function runs inside the caller's transaction. */
export interface Catalogue {
  find(key: string): SessionEntry | undefined;
  list(query: SessionQuery): Page<SessionEntry> | undefined;
  history(key: string, query: HistoryQuery): Page<HistoryRow> | undefined;
  /** The keys of all sessions, whoever's they are. */
  listAll(): readonly string[];
}

/** Of the JSON text of one page, which crosses threads and is parsed at once. */
const pageCharactersMax = 4 * 1024 * 1024;

// The tables are STRICT, so the columns have the types that these rows claim.
interface SessionRow {
  readonly session_key: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly length: number;
}

interface MessageRow {
  readonly sequence: number;
  readonly body: string;
  readonly created_at: number;
  readonly superseded_at: number | null;
}

export function createCatalogue(database: DatabaseSync): Catalogue {
  const getSession = database.prepare(`
    SELECT session_key, created_at, updated_at, length FROM session WHERE session_key = ? AND deleted_at IS NULL`);
  const getCreation = database.prepare("SELECT created_at FROM session WHERE session_key = ?");
  const getSessions = database.prepare(`
    SELECT session_key, created_at, updated_at, length FROM session
    WHERE deleted_at IS NULL AND session_key >= $from AND session_key < $to
      AND (created_at, session_key) < ($createdAt, $after)
      AND ($prefixes IS NULL OR EXISTS (
        SELECT 1 FROM json_each($prefixes) WHERE session_key >= value || ':' AND session_key < value || ';'))
    ORDER BY created_at DESC, session_key DESC LIMIT $limit`);
  const getMessages = database.prepare(`
    SELECT sequence, body, created_at, superseded_at FROM message
    WHERE session_key = $key AND sequence > $after AND (superseded_at IS NULL OR $includeSuperseded)
    ORDER BY sequence LIMIT $limit`);
  const getLastMessages = database.prepare(`
    SELECT sequence, body, created_at, superseded_at FROM message
    WHERE session_key = $key AND sequence > $after AND (superseded_at IS NULL OR $includeSuperseded)
    ORDER BY sequence DESC LIMIT $limit`);

  function find(key: string): SessionEntry | undefined {
    const row = getSession.get(key) as SessionRow | undefined;
    return row === undefined ? undefined : toEntry(row);
  }

  const getAll = database.prepare("SELECT session_key FROM session WHERE deleted_at IS NULL");

  return {
    find,
    listAll: () => getAll.all().map((row) => String(row["session_key"])),
    list({ namespace = "", agentId, agentIds, after, limit }) {
      const createdAt = after === undefined ? Number.MAX_SAFE_INTEGER : getCreation.get(after)?.["created_at"];
      if (createdAt === undefined) return undefined;
      // `;` follows `:`, so this is every key that begins so.
      const prefix = namespace + (agentId === undefined ? "agent" : `agent:${agentId}`);
      const bounds = { from: `${prefix}:`, to: `${prefix};` };
      const rows = getSessions.all({
        ...bounds,
        prefixes: agentIds === undefined ? null : JSON.stringify(agentIds.map((id) => `${namespace}agent:${id}`)),
        after: after ?? "",
        createdAt,
        limit: limit + 1,
      }) as unknown as SessionRow[];
      return { items: rows.slice(0, limit).map(toEntry), hasMore: rows.length > limit };
    },
    history(key, { after, limit, includeSuperseded, fromEnd = false }) {
      if (find(key) === undefined) return undefined;
      const statement = fromEnd ? getLastMessages : getMessages;
      const toPage = (rows: HistoryRow[], hasMore: boolean): Page<HistoryRow> => {
        return { items: fromEnd ? rows.toReversed() : rows, hasMore };
      };
      const items: HistoryRow[] = [];
      let characters = 0;
      const parameters = { key, after, limit: limit + 1, includeSuperseded: Number(includeSuperseded) };
      for (const row of statement.iterate(parameters) as unknown as Iterable<MessageRow>) {
        characters += row.body.length;
        if (items.length === limit || (items.length > 0 && characters > pageCharactersMax)) {
          return toPage(items, true);
        }
        items.push(toHistoryRow(row));
      }
      return toPage(items, false);
    },
  };
}

function toEntry({
  session_key: column,
  created_at: createdAt,
  updated_at: updatedAt,
  length,
}: SessionRow): SessionEntry {
  return { key: fromColumn(column), createdAt, updatedAt, messageCount: length };
}

function toHistoryRow({ sequence, body, created_at: createdAt, superseded_at: supersededAt }: MessageRow): HistoryRow {
  return { sequence, body, createdAt, supersededAt: supersededAt ?? undefined };
}
