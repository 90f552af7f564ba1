import { hash } from "node:crypto";
import { toColumn } from "../column.ts";

/** A key as the database has it. */
export interface KeyColumns {
  readonly column: string;
  readonly hash: Buffer;
}

export function toKeyColumns(key: string): KeyColumns {
  const column = toColumn(key);
  return { column, hash: hash("sha256", column, "buffer") };
}
