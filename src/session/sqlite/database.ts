import { chmodSync, closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { migrate } from "./migrations.ts";

/** How long to wait for another process that is writing to the same file. */
const busyMs = 5_000;

export interface OpenDatabase {
  readonly database: DatabaseSync;
  /** Throws if the file is no longer the one at its path: what is written now would be lost with it. */
  readonly assertInPlace: () => void;
}

/**
 * Opens the database file, or makes it: 0600, in directories made 0700 where they are missing. SQLite gives its
 * companion files (`-wal`, `-shm`) the mode of the database. Throws if any of this fails.
 */
export function openDatabase(path: string): OpenDatabase {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, "a", 0o600));
  chmodSync(path, 0o600);
  const database = new DatabaseSync(path, { timeout: busyMs, enableForeignKeyConstraints: true });
  try {
    configure(database);
    migrate(database);
  } catch (error) {
    database.close();
    throw error;
  }
  return { database, assertInPlace: createPlaceCheck(path) };
}

function configure(database: DatabaseSync): void {
  const mode = database.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"];
  if (mode !== "wal")
    throw new Error(`This file system does not allow SQLite's WAL mode (journal_mode is ${String(mode)}).`);
  database.exec("PRAGMA synchronous = FULL");
  // What is erased is overwritten, not only unlinked.
  database.exec("PRAGMA secure_delete = ON");
  // Finds a damaged page when it is read, instead of trusting it.
  database.exec("PRAGMA cell_size_check = ON");
}

function createPlaceCheck(path: string): () => void {
  const opened = statSync(path);
  return () => {
    const now = statSync(path);
    if (now.ino !== opened.ino || now.dev !== opened.dev) throw new Error("The database file was replaced by another.");
  };
}
