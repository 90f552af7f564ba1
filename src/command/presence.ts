import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { contractVersion } from "../base/contract.ts";
import { type FileLock, isUnlocked, lockFile } from "../base/file-lock.ts";

/** Where a gateway is, and what it is. */
export interface Whereabouts {
  /** Where it is called from this machine, without a slash at the end. */
  readonly url: string;
  /** Its configuration; left out where the defaults hold. */
  readonly config?: string;
}

/** What a running gateway says of itself in its state folder, for the commands that talk to it. */
export interface Presence extends Whereabouts {
  readonly pid: number;
  /** Of its program; undefined for one that did not say it yet. */
  readonly version?: string;
  /** How often it has read its configuration anew. */
  readonly reloads: number;
  /** Why the last time changed nothing; undefined if it did. */
  readonly problem?: string;
  /** The keys whose change waits for a restart. */
  readonly waiting?: readonly string[];
}

export type ReloadOutcome = Pick<Presence, "problem" | "waiting">;

/** Neither throws: that others are not told is no reason to run otherwise. */
export interface Announcement {
  /** How a reload went. Tells nothing once it is withdrawn: the place may be that of the next gateway. */
  tell(outcome: ReloadOutcome): void;
  /** It runs no more. */
  withdraw(): void;
}

const toPath = (stateFolder: string): string => join(stateFolder, "gateway.pid");
const toLockPath = (stateFolder: string): string => join(stateFolder, "gateway.lock");

/**
 * Writes `gateway.pid`. The lock beside it says whether the process is still the one that wrote it: ids of processes are
 * given out again. Of several gateways on one state folder the first is announced; for another the answer is undefined.
 * The folder must exist. `onFailed` is told why the file could not be written.
 */
export function announce(
  stateFolder: string,
  whereabouts: Whereabouts,
  onFailed: (cause: unknown) => void,
): Announcement | undefined {
  let lock: FileLock;
  try {
    lock = lockFile(toLockPath(stateFolder));
  } catch {
    return undefined;
  }
  const path = toPath(stateFolder);
  let presence: Presence = {
    ...whereabouts,
    pid: process.pid,
    version: contractVersion,
    url: toNear(whereabouts.url),
    reloads: 0,
  };
  const attempt = (change: () => void): void => {
    try {
      change();
    } catch (cause) {
      onFailed(cause);
    }
  };
  const write = (): void => {
    // Whoever reads it meanwhile reads the old one.
    writeFileSync(`${path}.new`, JSON.stringify(presence), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  attempt(() => {
    // Else it would be that of a gateway that has crashed, if this one cannot be written.
    rmSync(path, { force: true });
    write();
  });
  let isWithdrawn = false;
  return {
    tell(outcome) {
      if (isWithdrawn) return;
      const { problem: _1, waiting: _2, ...lasting } = presence;
      presence = { ...lasting, reloads: presence.reloads + 1, ...outcome };
      attempt(write);
    },
    withdraw() {
      isWithdrawn = true;
      attempt(() => rmSync(path, { force: true }));
      lock.close();
    },
  };
}

/** Who listens on every interface listens on that of the machine itself. */
function toNear(url: string): string {
  return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
}

/** The gateway that runs on this state folder, if one does. */
export function findPresence(stateFolder: string): Presence | undefined {
  let text: string;
  try {
    text = readFileSync(toPath(stateFolder), "utf8");
  } catch {
    // None was ever announced, or it has withdrawn.
    return undefined;
  }
  const lock = toLockPath(stateFolder);
  if (!existsSync(lock) || isUnlocked(lock)) return undefined;
  const presence = JSON.parse(text) as Presence;
  return Number.isSafeInteger(presence.pid) && presence.pid > 0 ? presence : undefined;
}
