/* oxlint-disable no-underscore-dangle -- the interface of Node's streams has these names */
import type { Socket } from "node:net";
import { isFromSystem, toRecordedError } from "./error.ts";
import type { RecordedError } from "./format.ts";

/** Something that happened on a connection. */
export type Happening = { readonly at: number } & (
  | { readonly sent: Buffer }
  | { readonly came: Buffer }
  | { readonly end: "suite" | "server" }
  | { readonly broke: RecordedError }
);

type Write = (bytes: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void) => void;

/**
 * Writes down all that goes over a connection, where it enters and leaves the stream, and changes nothing of it: whoever
 * has the socket reads, pauses and writes as ever.
 */
export function tap(socket: Socket, happened: (what: Happening) => void): void {
  const openedAt = performance.now();
  const at = (): number => Math.round((performance.now() - openedAt) * 10) / 10;
  const push = socket.push.bind(socket);
  socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk === null) happened({ at: at(), end: "server" });
    else if (Buffer.isBuffer(chunk)) happened({ at: at(), came: chunk });
    return push(chunk, encoding);
  };
  tapWrites(socket, (sent) => happened({ at: at(), sent }));
  const final = socket._final.bind(socket);
  socket._final = (done) => {
    happened({ at: at(), end: "suite" });
    final(done);
  };
  // An error of the suite's own making, such as the end of its time, will be made again.
  socket.on("error", (error) => isFromSystem(error) && happened({ at: at(), broke: toRecordedError(error) }));
}

/** What is written in one go is one piece. */
function tapWrites(socket: Socket, sent: (bytes: Buffer) => void): void {
  const write = socket._write.bind(socket) as Write;
  const writeMany = socket._writev?.bind(socket);
  const toBytes = (chunk: Buffer | string, encoding: BufferEncoding): Buffer =>
    typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk;
  socket._write = (chunk: Buffer, encoding, done) => {
    sent(toBytes(chunk, encoding));
    write(chunk, encoding, done);
  };
  if (writeMany === undefined) return;
  socket._writev = (chunks: { chunk: Buffer; encoding: BufferEncoding }[], done) => {
    sent(Buffer.concat(chunks.map(({ chunk, encoding }) => toBytes(chunk, encoding))));
    writeMany(chunks, done);
  };
}
