import { crc32 } from "node:zlib";
import type { Snapshot } from "../cache.ts";
import { type ChainedRow, findBreak } from "../chain.ts";
import { fromColumn, toColumn } from "../column.ts";
import {
  type HistoryMessage,
  type HistoryQuery,
  type KeyUse,
  type Page,
  type Receipt,
  receiptMs,
  type SessionEntry,
  type SessionQuery,
  type StoredMessage,
  type StoreReport,
} from "../store.ts";
import type { CatalogueStatements, EntryRow, MessageRow } from "./catalogue-statements.ts";
import { toKeyColumns } from "./key-columns.ts";
import { toDamage } from "./leased-sessions.ts";
import type { Pool } from "./pool.ts";
import type { ReadRow, TranscriptStatements } from "./transcript-statements.ts";

export interface SessionReader {
  /** Rejects with `session_damaged` where what is stored does not match its checksums. */
  read(key: string, knownRevision: number): Promise<Snapshot>;
  receipt(key: string, digest: string): Promise<Receipt | undefined>;
  find(key: string): Promise<SessionEntry | undefined>;
  list(query: SessionQuery): Promise<Page<SessionEntry> | undefined>;
  history(key: string, query: HistoryQuery): Promise<Page<HistoryMessage> | undefined>;
  examine(): Promise<StoreReport>;
  addUse(uses: readonly KeyUse[]): Promise<readonly number[]>;
}

/** Of the JSON text of one page, which is parsed at once. */
const pageCharactersMax = 4 * 1024 * 1024;
/** Sessions that are examined before the next are asked for. */
const examinedAtOnce = 100;
/** For so many days it can be looked up by hand what keys have spent. */
const daysKept = 31;
/** No session has this revision. */
const none = -1;

/** Reads sessions, whoever has leased them. Each call is one statement, which sees one state. */
export function createSessionReader(pool: Pool, statements: TranscriptStatements & CatalogueStatements): SessionReader {
  async function read(key: string, knownRevision: number): Promise<Snapshot> {
    const { column, hash } = toKeyColumns(key);
    const rows = await pool.run<ReadRow>(statements.read, () => [hash, knownRevision]);
    const [session] = rows;
    if (session === undefined) return { revision: 0, updatedAt: 0, messages: knownRevision === 0 ? undefined : "[]" };
    const { revision, updated_at: updatedAt } = session;
    if (revision === knownRevision) return { revision, updatedAt, messages: undefined };
    const messages = rows.filter((row): row is ReadRow & ChainedRow => row.body !== null);
    const fault = findBreak(column, { length: session.length, checksum: session.end_checksum }, messages);
    if (fault !== undefined) throw toDamage(column, fault);
    return { revision, updatedAt, messages: `[${messages.map(({ body }) => body).join(",")}]` };
  }

  async function find(key: string): Promise<SessionEntry | undefined> {
    const { hash } = toKeyColumns(key);
    const [row] = await pool.run<EntryRow>(statements.find, () => [hash]);
    return row === undefined ? undefined : toEntry(row);
  }

  async function isDamaged(key: string): Promise<boolean> {
    try {
      await read(key, none);
      return false;
    } catch (error) {
      if ((error as { code?: unknown }).code === "session_damaged") return true;
      throw error;
    }
  }

  return {
    read,
    find,
    async receipt(key, digest) {
      const { hash } = toKeyColumns(key);
      const [row] = await pool.run<{
        answer: string;
        checksum: number;
        again: boolean;
        created_at: number;
        now: number;
      }>(statements.receipt, () => [hash, digest]);
      if (row === undefined || crc32(row.answer) !== row.checksum) return undefined;
      // A clock may have been set back, or forward.
      if (Math.abs(row.now - row.created_at) > receiptMs) return undefined;
      return { digest, answer: row.answer, again: row.again };
    },
    async list({ namespace = "", agentId, agentIds, after, limit }) {
      let createdAt: number | null = null;
      if (after !== undefined) {
        const { hash } = toKeyColumns(after);
        const [row] = await pool.run<{ created_at: number }>(statements.creation, () => [hash]);
        if (row === undefined) return undefined;
        createdAt = row.created_at;
      }
      // `;` follows `:`, so this is every key that begins so.
      const prefix = namespace + (agentId === undefined ? "agent" : `agent:${toColumn(agentId)}`);
      const prefixes = agentIds?.map((id) => `${namespace}agent:${id}`) ?? null;
      const values = [`${prefix}:`, `${prefix};`, prefixes, createdAt, toColumn(after ?? ""), limit + 1];
      const rows = await pool.run<EntryRow>(statements.list, () => values);
      return { items: rows.slice(0, limit).map(toEntry), hasMore: rows.length > limit };
    },
    async history(key, { after, limit, includeSuperseded, fromEnd = false }) {
      await read(key, none);
      if ((await find(key)) === undefined) return undefined;
      const { hash } = toKeyColumns(key);
      const values = [hash, after, limit, includeSuperseded, pageCharactersMax];
      const statement = fromEnd ? statements.lastHistory : statements.history;
      const rows = await pool.run<MessageRow>(statement, () => values);
      const items = rows.map(toHistoryMessage);
      return { items: fromEnd ? items.toReversed() : items, hasMore: (rows[0]?.found ?? 0) > rows.length };
    },
    async examine() {
      const damaged: string[] = [];
      let sessions = 0;
      for (let after = 0; ;) {
        const rows = await pool.run<{ id: number; key: string }>(statements.all, () => [after, examinedAtOnce]);
        for (const { key } of rows) if (await isDamaged(fromColumn(key))) damaged.push(fromColumn(key));
        sessions += rows.length;
        const last = rows.at(-1);
        if (last === undefined) return { sessions, damaged };
        after = last.id;
      }
    },
    async addUse(uses) {
      const named = uses.map(({ name, ...use }) => ({ ...use, name: toColumn(name) }));
      const firstDay = Math.max(0, ...uses.map(({ day }) => day)) - daysKept;
      const columns = [named.map(({ name }) => name), named.map(({ day }) => day), named.map(({ tokens }) => tokens)];
      // What was lost on its way and is sent again may count twice: rather that than not at all.
      const rows = await pool.run<KeyUse>(statements.addUse, () => [...columns, firstDay]);
      const spent = new Map(rows.map(({ name, day, tokens }) => [`${day} ${name}`, tokens]));
      return named.map(({ name, day }) => spent.get(`${day} ${name}`) ?? 0);
    },
  };
}

function toEntry({ key, created_at: createdAt, updated_at: updatedAt, length }: EntryRow): SessionEntry {
  return { key: fromColumn(key), createdAt, updatedAt, messageCount: length };
}

function toHistoryMessage(row: MessageRow): HistoryMessage {
  // Written by a store from a message, and guarded by a checksum since.
  const message = JSON.parse(row.body) as StoredMessage;
  return {
    sequence: row.sequence,
    createdAt: row.created_at,
    supersededAt: row.superseded_at ?? undefined,
    message,
  };
}
