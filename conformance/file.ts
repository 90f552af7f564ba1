import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";

const mebibyte = 1024 ** 2;
/** No header is longer. */
export const secretBytesMax = mebibyte;
const pieceBytes = 65_536;
/** How long a pipe may have nobody at its other end, or somebody who says nothing. */
const silentMs = 5000;
const pauseMs = 20;
/** Windows has neither the flag nor pipes that have a place among the files. */
const withoutWaiting = constants.O_NONBLOCK ?? 0;

/** A text that a flag names. Throws if it is longer, as a device may be that has no end. */
export function readText(path: string, bytesMax: number): string {
  const pieces: Buffer[] = [];
  let length = 0;
  for (const piece of readPieces(path)) {
    length += piece.length;
    if (length > bytesMax) throw tooLong("it", bytesMax);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

/** Throws if nobody writes into it, where it is a pipe: to open one in the usual way is to stand still until somebody does. */
export function* readPieces(path: string, silentMsMax = silentMs): Generator<Buffer, void> {
  const file = openSync(path, constants.O_RDONLY | withoutWaiting);
  try {
    const isPipe = fstatSync(file).isFIFO();
    let [heardMs, isBegun] = [performance.now(), false];
    for (;;) {
      const piece = tryToRead(file);
      // Nobody has closed a pipe that nobody has written into yet.
      if (piece?.length === 0 && (!isPipe || isBegun)) return;
      if (piece !== undefined && piece.length > 0) {
        yield piece;
        [heardMs, isBegun] = [performance.now(), true];
      } else if (performance.now() - heardMs < silentMsMax) pause();
      else throw new Error(`nobody has written into it for ${silentMsMax / 1000} s`);
    }
  } finally {
    closeSync(file);
  }
}

/** Undefined where there is nothing yet. */
function tryToRead(file: number): Buffer | undefined {
  const piece = Buffer.allocUnsafeSlow(pieceBytes);
  try {
    return piece.subarray(0, readSync(file, piece));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return undefined;
    throw error;
  }
}

/** Throws if nobody reads from it, where it is a pipe, which would never be open. */
export function writeToReader(path: string, write: () => void, silentMsMax = silentMs): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFIFO() !== true) return write();
  const since = performance.now();
  let file = tryToOpen(path);
  for (; file === undefined; file = tryToOpen(path)) {
    if (performance.now() - since > silentMsMax) throw new Error("nobody reads from it");
    pause();
  }
  try {
    // Who reads would take it for the end if there were nobody at this one for a moment.
    write();
  } finally {
    closeSync(file);
  }
}

/** Undefined where nobody is at the other end. */
function tryToOpen(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | withoutWaiting);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENXIO") return undefined;
    throw error;
  }
}

export function tooLong(what: string, bytesMax: number): Error {
  return new Error(`${what} is longer than ${bytesMax / mebibyte} MiB`);
}

/** Nothing else is under way when the suite reads what it has been given, or writes what it has found. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
}
