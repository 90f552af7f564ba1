import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import type { Line } from "./load.ts";

/** The lines of a file, one after the other; of one that is packed and whose end is missing those that there are. */
export async function* readLines(path: string, isPacked: boolean): AsyncGenerator<Line> {
  const file = createReadStream(path);
  const bytes = isPacked ? file.pipe(createGunzip()) : file;
  // Nobody else tells the other end of the pipe.
  file.once("error", (error) => bytes.destroy(error));
  let [parts, number]: [Buffer[], number] = [[], 0];
  try {
    for await (const piece of bytes as AsyncIterable<Buffer>) {
      let begin = 0;
      for (let end = piece.indexOf(10); end !== -1; end = piece.indexOf(10, begin)) {
        parts.push(piece.subarray(begin, end));
        yield { text: Buffer.concat(parts).toString("utf8"), number: ++number, isWhole: true };
        [parts, begin] = [[], end + 1];
      }
      parts.push(piece.subarray(begin));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "Z_BUF_ERROR") throw error;
  } finally {
    file.destroy();
  }
  yield { text: Buffer.concat(parts).toString("utf8"), number: ++number, isWhole: false };
}
