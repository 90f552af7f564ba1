import { crc32 } from "node:zlib";
import type { RunEnd } from "./run-store.ts";

/** What a run has said at its end, as its row has it. */
export interface StoredEnd {
  readonly state: string;
  readonly usage: string | null;
  readonly answer: string | null;
  readonly error: string | null;
}

/** Without a checksum is what an earlier version, or nobody, has written. */
export interface CheckedRow extends StoredEnd {
  readonly id: string;
  readonly form: string;
  readonly form_checksum: number | null;
  readonly end_checksum: number | null;
}

export function toStoredEnd({ state, usage, answer, error }: Omit<RunEnd, "batch" | "begun">): StoredEnd {
  return {
    state,
    usage: usage === undefined ? null : JSON.stringify(usage),
    answer: answer ?? null,
    error: error ?? null,
  };
}

/** The CRC-32 of what a row says, begun with the run's id: what is another's does not match. */
export function toFormChecksum(id: string, form: string): number {
  return crc32(form, crc32(id));
}

export function toEndChecksum(id: string, { state, usage, answer, error }: StoredEnd): number {
  // JSON as it is written has no line breaks, so that nothing is taken for a part of what stands beside it.
  return [state, usage, answer, error].reduce<number>((sum, text) => crc32(`${text ?? ""}\n`, sum), crc32(id));
}

/** What is wrong with the row, in words; undefined if it is what was written. One that is expired has nothing to check. */
export function findRunFault(row: CheckedRow): string | undefined {
  const isForm = row.form_checksum === null || row.form_checksum === toFormChecksum(row.id, row.form);
  if (!isForm) return `How the run ${row.id} is to be answered is not what was written`;
  const isEnd = row.end_checksum === null || row.end_checksum === toEndChecksum(row.id, row);
  return isEnd ? undefined : `What the run ${row.id} has answered is not what was written`;
}
