import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Message } from "../src/base/contract.ts";
import { toLine } from "./talk.fixture.ts";

export interface Rows {
  readonly sessions: number;
  readonly messages: number;
  readonly leases: number;
}

/** How many rows the session store has on disk, read past the gateway. */
export function countRows(stateFolder: string): Rows {
  return withDatabase(stateFolder, (database) => {
    const count = (table: string): number =>
      Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"]);
    return { sessions: count("session"), messages: count("message"), leases: count("lease") };
  });
}

/** Everything that the store has on disk, table by table: for what shall change nothing. */
export function readAll(stateFolder: string): Readonly<Record<string, unknown>> {
  return withDatabase(stateFolder, (database) => {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
    return Object.fromEntries(
      tables.map(({ name }) => [String(name), database.prepare(`SELECT * FROM "${String(name)}"`).all()]),
    );
  });
}

/** Every message of one session in the order of writing, as `role: text`; superseded ones begin with `-`. */
export function readRows(stateFolder: string, key: string): string[] {
  return withDatabase(stateFolder, (database) =>
    database
      .prepare("SELECT body, superseded_at FROM message WHERE session_key = ? ORDER BY sequence")
      .all(key)
      .map(({ body, superseded_at: superseded }) => {
        const line = toLine(JSON.parse(String(body)) as Message);
        return superseded === null ? line : `-${line}`;
      }),
  );
}

function withDatabase<T>(stateFolder: string, read: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(stateFolder, "sessions.sqlite"), { readOnly: true });
  try {
    return read(database);
  } finally {
    database.close();
  }
}
