import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { readPieces, tooLong } from "../file.ts";
import type { Line } from "./load.ts";

/** More than the suite writes into one. */
const lineBytesMax = 32 * 1024 * 1024;

/** The lines of a file, one after the other; of one that is packed and whose end is missing those that there are. */
export async function* readLines(path: string, isPacked: boolean): AsyncGenerator<Line> {
  const file = Readable.from(readPieces(path));
  const bytes = isPacked ? file.pipe(createGunzip()) : file;
  // Nobody else tells the other end of the pipe.
  file.once("error", (error) => bytes.destroy(error));
  let [parts, length, number]: [Buffer[], number, number] = [[], 0, 0];
  try {
    for await (const piece of bytes as AsyncIterable<Buffer>) {
      let begin = 0;
      for (let end = piece.indexOf(10); end !== -1; end = piece.indexOf(10, begin)) {
        parts.push(piece.subarray(begin, end));
        yield { text: Buffer.concat(parts).toString("utf8"), number: ++number, isWhole: true };
        [parts, length, begin] = [[], 0, end + 1];
      }
      parts.push(piece.subarray(begin));
      length += piece.length - begin;
      if (length > lineBytesMax) throw tooLong(`its line ${number + 1}`, lineBytesMax);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "Z_BUF_ERROR") throw error;
  } finally {
    file.destroy();
  }
  yield { text: Buffer.concat(parts).toString("utf8"), number: ++number, isWhole: false };
}
