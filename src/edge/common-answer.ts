import type { ServerResponse } from "node:http";
import { markCommon } from "./slow-readers.ts";

/** So much of an answer is given to the kernel in one go: what it copies then, it copies in this thread. */
const pieceBytes = 131_072;
/** Pieces in one turn of the event loop, of all answers together. */
const piecesMax = 16;

/**
 * Writes bytes that all answers of their kind have in common. There may be megabytes of them, which the kernel would take
 * in one go, from a hundred clients one after the other; so they are written a piece at a time.
 */
export function writeCommon(response: ServerResponse, bytes: Buffer): void {
  markCommon(response);
  let from = 0;
  const write = (): void => {
    if (response.destroyed) return;
    const piece = bytes.subarray(from, (from += pieceBytes));
    if (from >= bytes.length) response.end(piece);
    else if (response.write(piece)) writeLater(write);
    else response.once("drain", () => writeLater(write));
  };
  write();
}

const waiting: (() => void)[] = [];
let isScheduled = false;

function writeLater(write: () => void): void {
  waiting.push(write);
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(writeSome);
}

function writeSome(): void {
  isScheduled = false;
  for (const write of waiting.splice(0, piecesMax)) write();
  if (waiting.length === 0 || isScheduled) return;
  isScheduled = true;
  setImmediate(writeSome);
}
