import type { Statement } from "./pool.ts";

/** A statement whose text depends on how much it writes, with the order of its values. */
export interface WriteStatement extends Statement {
  readonly toValues: (values: Readonly<Record<string, unknown>>) => unknown[];
}

/** Beyond this many rows a statement is rare, and not worth its place in the memory of each connection. */
export const preparedMax = 32;

/** So many texts are kept, which is more than there are of those that come again and again. */
const keptMax = 256;

/** Makes each statement once. */
export function remember<Shape>(
  toName: (shape: Shape) => string,
  make: (shape: Shape) => WriteStatement,
): (shape: Shape) => WriteStatement {
  const kept = new Map<string, WriteStatement>();
  return (shape) => {
    const name = toName(shape);
    const known = kept.get(name);
    if (known !== undefined) return known;
    const made = make(shape);
    if (made.name !== undefined && kept.size < keptMax) kept.set(name, made);
    return made;
  };
}
