import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** For tests: a path for a database, in a directory of its own. */
export async function createDatabasePath(): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "clawgate-sessions-"));
  return {
    path: join(directory, "state", "sessions.db"),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
