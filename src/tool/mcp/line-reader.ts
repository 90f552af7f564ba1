import { Gathered } from "../../base/gathered.ts";

const lineFeed = 0x0a;

/**
 * Calls `onLine` with each line of the bytes that it is given, without its end. Throws for a line longer than
 * `bytesMax`. A line is put together once, when it is whole: a result of megabytes comes in hundreds of pieces.
 */
export function createLineReader(bytesMax: number, onLine: (line: string) => void): (chunk: Buffer) => void {
  const gathered = new Gathered();
  let length = 0;
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      gathered.add(chunk.subarray(start, end));
      const line = gathered.take().toString();
      length = 0;
      start = end + 1;
      onLine(line);
    }
    if (start === chunk.length) return;
    gathered.add(chunk.subarray(start));
    length += chunk.length - start;
    if (length > bytesMax) {
      gathered.clear();
      throw new Error(`a line of more than ${bytesMax} bytes`);
    }
  };
}
