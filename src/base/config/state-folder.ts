import { chmodSync, lstatSync, readdirSync, rmSync, type Stats } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "./config-error.ts";
import { grants, isOwn, toWriteReason, writableByOthers } from "./file-trust.ts";
import type { ConfigWarning } from "./suspicion.ts";
import { makeFolder } from "../make-folder.ts";

/** What this program keeps in its state folder; whoever could write one of these could be the gateway. */
const kept = /^(?:token|code-cache|gateway\.|sessions\.sqlite)/;

/** Code that Node has compiled: bin/clawgate.mjs keeps it, and runs it at the next start. */
const codeCache = "code-cache";

/**
 * Makes the state folder, for its owner alone, or closes one that others can write; the warnings say so. Throws
 * `ConfigError` for a folder that cannot be closed, because it is somebody else's, and for one in which others have left
 * something behind.
 */
export function secureStateFolder(folder: string): readonly ConfigWarning[] {
  const stats = makeStateFolder(folder);
  const warnings = grants(stats, writableByOthers) ? [close(folder, stats)] : [];
  for (const name of listFolder(folder)) if (kept.test(name)) assertOurs(join(folder, name));
  return warnings;
}

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    const reason = toWriteReason(cause as NodeJS.ErrnoException);
    throw new ConfigError(`Cannot read the state folder ${folder} (OPENCLAW_STATE_DIR): ${reason}.`, { cause });
  }
}

/** Of the folder that a link leads to, if it is one: people put it on another disk. */
function makeStateFolder(folder: string): Stats {
  try {
    return makeFolder(folder, { mode: 0o700 });
  } catch (cause) {
    const reason = toWriteReason(cause as NodeJS.ErrnoException);
    throw new ConfigError(`Cannot make the state folder ${folder} (OPENCLAW_STATE_DIR): ${reason}.`, { cause });
  }
}

function close(folder: string, stats: Stats): ConfigWarning {
  if (!isOwn(stats)) {
    throw new ConfigError(
      `The state folder ${folder} (OPENCLAW_STATE_DIR) belongs to another user, and others can write in it. Name a folder of your own; one inside it will do.`,
    );
  }
  chmodSync(folder, 0o700);
  // Nobody knows who has written that.
  rmSync(join(folder, codeCache), { recursive: true, force: true });
  return {
    key: "OPENCLAW_STATE_DIR",
    problem: `(${folder}) could be written by other users, and is closed to them now (mode ${toMode(stats)} became 700). See that nobody has put anything there.`,
  };
}

function assertOurs(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (stats.isSymbolicLink())
    throw new ConfigError(
      `${path} is a symbolic link. Put the whole state folder elsewhere instead (OPENCLAW_STATE_DIR).`,
    );
  if (!isOwn(stats)) throw new ConfigError(`${path} belongs to another user. See what it is, and remove it.`);
}

function toMode({ mode }: Stats): string {
  return (mode & 0o7777).toString(8);
}
