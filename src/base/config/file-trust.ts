import { closeSync, constants, fchmodSync, fstatSync, openSync, readSync, type Stats } from "node:fs";

// Who else on this machine may read or write a file. Windows answers that by other means than modes, and all of its files
// look open here, so nothing is said of them.

const knowsModes = process.platform !== "win32";

/** Group and others may write. */
export const writableByOthers = 0o022;

export interface Opened {
  readonly text: string;
  readonly stats: Stats;
}

export interface ReadOptions {
  readonly bytesMax: number;
  /** The file is this program's own: it is no link, belongs to who runs this, and is closed to others if it is not. */
  readonly own?: boolean;
}

/**
 * The text of a regular file. The errors it throws say what is wrong with the file, to go behind its name. A pipe is not
 * waited for, and no more than `bytesMax` is read.
 */
export function readFile(path: string, { bytesMax, own = false }: ReadOptions): Opened {
  // Windows has neither of the last two, and undefined sets no bit.
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  const file = openSync(path, O_RDONLY | O_NONBLOCK | (own ? O_NOFOLLOW : 0));
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new Error("it is no regular file");
    if (stats.size > bytesMax) throw new Error(`it has more than ${bytesMax} bytes`);
    if (own && !isOwn(stats)) throw new Error("it belongs to another user");
    if (own && grants(stats, 0o077)) fchmodSync(file, 0o600);
    return { text: readText(file, bytesMax), stats };
  } finally {
    closeSync(file);
  }
}

/** Why it cannot be read, without its name and the words of the system for it. */
export function toFileReason({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES" || code === "EPERM") return "this user may not read it; see its owner and mode";
  return code === "EISDIR" ? "it is a folder" : message;
}

const otherFolder = "name another folder with OPENCLAW_STATE_DIR";

/** Why nothing can be kept in the state folder, or at another place, and what to do; `elsewhere` is how to choose another. */
export function toWriteReason({ code = "", message }: NodeJS.ErrnoException, elsewhere = otherFolder): string {
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return `the disk is full. Make room, or ${elsewhere}`;
    case "EACCES":
    case "EPERM":
      return `this user may not read and write there. Make it this user's (chown, chmod u+rwX), or ${elsewhere}`;
    case "EROFS":
      return `the disk can only be read. Let it be written (mount -o remount,rw), or ${elsewhere}`;
    case "EEXIST":
    case "ENOTDIR":
      return `a file has the name that a folder should have. Move the file away, or ${elsewhere}`;
    case "EISDIR":
      return `a folder has the name that a file should have. Move the folder away, or ${elsewhere}`;
    case "ELOOP":
      return `it is a link. Put a file in its place, or ${elsewhere}`;
    case "ENOENT":
      return `a link on the way there leads nowhere. Mend it, or ${elsewhere}`;
    default:
      return `${message}. See the place, or ${elsewhere}`;
  }
}

/** The file may grow while it is read, and those of `/proc` have no size at all. */
function readText(file: number, bytesMax: number): string {
  const bytes = Buffer.alloc(bytesMax + 1);
  let length = 0;
  for (let read = -1; read !== 0 && length < bytes.length; length += read)
    read = readSync(file, bytes, length, bytes.length - length, null);
  if (length > bytesMax) throw new Error(`it has more than ${bytesMax} bytes`);
  return bytes.toString("utf8", 0, length);
}

/** Whether a file or folder has one of these bits for somebody else. */
export function grants({ mode }: Stats, bits: number): boolean {
  return knowsModes && (mode & bits) !== 0;
}

/** Whether it belongs to who runs this process. Root's own are root's alone: others could change theirs at any time. */
export function isOwn({ uid }: Stats): boolean {
  return process.geteuid === undefined || uid === process.geteuid();
}
