import { existsSync } from "node:fs";
import { GatewayError } from "../../base/errors.ts";
import type { ArchivedMessage, ArchivedSession, SessionSource } from "../archive.ts";
import { fromColumn } from "../column.ts";
import { openDatabase } from "./database.ts";
import { listHolders } from "./holder.ts";

// The tables are STRICT, so the columns have the types that these rows claim.
interface SessionRow {
  readonly session_key: string;
  readonly revision: number;
  readonly length: number;
  readonly last_sequence: number;
  readonly checksum: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly deleted_at: number | null;
}

/** For the person who has asked for it. */
function toObstacle(message: string): GatewayError {
  return new GatewayError("storage_unavailable", message);
}

/** Opens the file to take sessions from it. Throws if there is none, or if a gateway has it open. */
export function openSqliteSource(path: string): SessionSource {
  if (!existsSync(path)) throw toObstacle(`There are no sessions at ${path}.`);
  if (listHolders(path).length > 0)
    throw toObstacle(
      `A gateway, or another command, has ${path} open. Stop it first: what it writes now would be left behind.`,
    );
  const { database } = openDatabase(path);
  const getKeys = database.prepare(`
    SELECT session_key FROM session WHERE session_key > ? ORDER BY session_key LIMIT 100`);
  const getSession = database.prepare("SELECT * FROM session WHERE session_key = ?");
  const getMessages = database.prepare(`
    SELECT sequence, turn, body, checksum, created_at AS createdAt, superseded_at AS supersededAt
    FROM message WHERE session_key = ? ORDER BY sequence`);

  function toSession(column: string): ArchivedSession {
    const row = getSession.get(column) as unknown as SessionRow;
    return {
      key: fromColumn(row.session_key),
      revision: row.revision,
      length: row.length,
      lastSequence: row.last_sequence,
      checksum: row.checksum,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      deletedAt: row.deleted_at,
      messages: getMessages.all(column).map((message) => ({ ...message }) as unknown as ArchivedMessage),
    };
  }

  return {
    *sessions() {
      // The empty key is the first of all.
      if (getSession.get("") !== undefined) yield toSession("");
      for (let after = ""; ;) {
        const columns = getKeys.all(after).map((row) => String(row["session_key"]));
        for (const column of columns) yield toSession(column);
        const last = columns.at(-1);
        if (last === undefined) return;
        after = last;
      }
    },
    keyUses: () =>
      database
        .prepare("SELECT name, day, tokens FROM key_use")
        .all()
        .map(({ name, day, tokens }) => ({ name: String(name), day: Number(day), tokens: Number(tokens) })),
    close: () => database.close(),
  };
}
