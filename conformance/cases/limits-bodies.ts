import { createGzip } from "node:zlib";

const blockBytes = 1024 * 1024;

/** The JSON of a body, made this long with white space, which costs a model nothing. */
export function padJson(body: object, bytes: number): string {
  return JSON.stringify(body).padEnd(bytes, " ");
}

/** A gzip stream of a few hundred KiB that is this many MiB of JSON. */
export async function createBomb(body: object, mebibytes: number): Promise<Buffer> {
  const gzip = createGzip();
  const pieces: Buffer[] = [];
  gzip.on("data", (piece: Buffer) => pieces.push(piece));
  const ended = new Promise<void>((resolve, reject) => gzip.once("end", resolve).once("error", reject));
  const block = Buffer.alloc(blockBytes, " ");
  gzip.write(JSON.stringify(body));
  for (let count = 0; count < mebibytes; count++) gzip.write(block);
  gzip.end();
  await ended;
  return Buffer.concat(pieces);
}

/** So many messages that nobody means them, the last of them invalid so that no model reads them. */
export function createCrowd(model: string, count: number): string {
  const one = '{"role":"user","content":"x"},';
  return `{"model":${JSON.stringify(model)},"messages":[${one.repeat(count)}{"role":"alien","content":7}]}`;
}
