import { crc32 } from "node:zlib";
import type { Usage } from "../base/contract.ts";
import type { RunEnd, RunEntry, RunState } from "./run-store.ts";

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

/** What a list tells of an end. It has a checksum of its own, because to list runs is not to read all that they have answered. */
export interface CheckedEntry extends Omit<StoredEnd, "answer"> {
  readonly id: string;
  readonly entry_checksum: number | null;
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
  return toChecksum(id, [state, usage, answer, error]);
}

export function toEntryChecksum(id: string, { state, usage, error }: Omit<StoredEnd, "answer">): number {
  return toChecksum(id, [state, usage, error]);
}

function toChecksum(id: string, texts: readonly (string | null)[]): number {
  // JSON as it is written has no line breaks, so that nothing is taken for a part of what stands beside it.
  return texts.reduce<number>((sum, text) => crc32(`${text ?? ""}\n`, sum), crc32(id));
}

/** What is wrong with the row, in words; undefined if it is what was written. One that is expired has nothing to check. */
export function findRunFault(row: CheckedRow): string | undefined {
  const isForm = row.form_checksum === null || row.form_checksum === toFormChecksum(row.id, row.form);
  if (!isForm) return `How the run ${row.id} is to be answered is not what was written`;
  const isEnd = row.end_checksum === null || row.end_checksum === toEndChecksum(row.id, row);
  return isEnd ? undefined : `What the run ${row.id} has answered is not what was written`;
}

/** How a list tells the state of a run, which was read from a row that is expired or not. */
export function toTold(row: CheckedEntry, expired: boolean): Pick<RunEntry, "state" | "usage" | "error"> {
  if (!expired && row.entry_checksum !== null && row.entry_checksum !== toEntryChecksum(row.id, row)) return damaged;
  return {
    // Both were written by a store.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
    state: row.state as RunState,
    usage: row.usage === null ? undefined : (JSON.parse(row.usage) as Usage),
    error: row.error ?? undefined,
  };
}

/** In the place of what cannot be told, so that one row keeps nobody from the others. */
const damaged = {
  state: "failed",
  usage: undefined,
  error: JSON.stringify({
    code: "session_damaged",
    message: "How the run has ended is damaged: it cannot be read as it was written.",
    param: null,
  }),
} as const;
