import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One small change to a file, by its path from the root: `from` stands there exactly once. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** What takes a defence away and leaves the gateway as it is otherwise. A test of each row has to notice. */
export interface Break extends Edit {
  /** The ids of the rows whose tests have to notice. */
  readonly rows: readonly string[];
  /** More edits that belong to it, of a second defence that stands behind the first. */
  readonly also?: readonly Edit[];
  /** The titles of those tests that have to notice, all of them. Without it, one of each row. */
  readonly tests?: readonly string[];
  /** What the failure has to speak of, where one test holds a table for many rows; by row where it is another for each. */
  readonly says?: string | Readonly<Record<string, string>>;
}

export const without = (
  rows: readonly string[],
  file: string,
  from: string,
  to: string,
  more: Pick<Break, "also" | "tests" | "says"> = {},
): Break => ({ rows, file, from, to, ...more });

export const toEdits = (taken: Break): readonly Edit[] => [taken, ...(taken.also ?? [])];

/** The text of the file with the change. Throws if what it changes does not stand there exactly once. */
export function applyEdit(root: string, { file, from, to }: Edit): string {
  const parts = readFileSync(join(root, file), "utf8").split(from);
  const [before, after] = parts;
  if (before === undefined || after === undefined || parts.length > 2)
    throw new Error(`${file} has ${parts.length - 1} times, instead of once, what a break would change: ${from}`);
  return `${before}${to}${after}`;
}

/** Throws if code has moved from under a break. */
export function assertApplies(root: string, edits: readonly Edit[]): void {
  for (const edit of edits) {
    applyEdit(root, edit);
    if (edit.from === edit.to) throw new Error(`a break of ${edit.file} changes nothing: ${edit.from}`);
  }
}
