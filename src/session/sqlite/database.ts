import { chmodSync, closeSync, existsSync, lstatSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makeFolder } from "../../base/make-folder.ts";
import { findLoss, toKeptPath } from "./kept.ts";
import { migrate, readVersion } from "./migrations.ts";
import { StoreFailure } from "./store-failure.ts";

/** How long to wait for another process that is writing to the same file. */
export const busyMs = 5_000;

export interface OpenDatabase {
  readonly database: DatabaseSync;
  /** Throws if the file is no longer the one at its path: what is written now would be lost with it. */
  readonly assertInPlace: () => void;
}

/**
 * Opens the database file, or makes it: 0600, in directories made 0700 where they are missing. SQLite gives its
 * companion files (`-wal`, `-shm`) the mode of the database. Throws if any of this fails, and `StoreFailure` `lost` where
 * there are no sessions any more in a file that had some.
 */
export function openDatabase(path: string): OpenDatabase {
  makeFolder(dirname(path), { mode: 0o700 });
  const loss = findLoss(path);
  if (loss !== undefined) throw new StoreFailure("lost", `It is ${loss}, and there were sessions in it.`);
  makeFile(path);
  const database = new DatabaseSync(path, { timeout: busyMs, enableForeignKeyConstraints: true });
  try {
    configure(database);
    if (readVersion(database) === 0 && existsSync(toKeptPath(path)))
      throw new StoreFailure("lost", "There is nothing in it, and there were sessions.");
    migrate(database);
  } catch (error) {
    database.close();
    throw error;
  }
  return { database, assertInPlace: createPlaceCheck(path) };
}

/** Opened only where it is missing: to close a file ends the locks that this process has on it. */
function makeFile(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) closeSync(openSync(path, "ax", 0o600));
  else if (!found.isFile()) throw new Error(found.isSymbolicLink() ? "It is a symbolic link." : "It is no file.");
  chmodSync(path, 0o600);
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
