import { crc32 } from "node:zlib";

/**
 * The checksum of a message is the CRC-32 of its body, begun with the checksum of the message before it, and that of the
 * first begun with the session's key: a changed, lost or foreign row breaks the chain.
 */
export interface ChainedRow {
  readonly body: string;
  readonly checksum: number;
}

/** What the session itself says of its messages. */
export interface ChainEnd {
  readonly length: number;
  readonly checksum: number;
}

/** The checksum of the row before the first. `column` is the key as `toColumn` has it. */
export function startChain(column: string): number {
  return crc32(column);
}

/** The rows of these bodies after one with this checksum. */
export function toChainedRows(start: number, bodies: readonly string[]): readonly ChainedRow[] {
  let checksum = start;
  return bodies.map((body) => {
    checksum = crc32(body, checksum);
    return { body, checksum };
  });
}

/** What is wrong with the rows of a session, in words; undefined if they are what was written. */
export function findBreak(column: string, end: ChainEnd, rows: readonly ChainedRow[]): string | undefined {
  let checksum = startChain(column);
  for (const row of rows) {
    checksum = crc32(row.body, checksum);
    if (checksum !== row.checksum) return "A message does not match its checksum";
  }
  const isWhole = rows.length === end.length && checksum === end.checksum;
  return isWhole ? undefined : "Messages are lost, or are not its own";
}
