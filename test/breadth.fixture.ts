/** `npm test` takes of a wide range what differs most, `npm run check` all of it. */
const isNarrow = process.env["BREADTH"] === "narrow";

/** How many inputs of chance a property has. */
export function toRounds(wide: number): number {
  return isNarrow ? Math.ceil(wide / 5) : wide;
}

/** All, or the first of each kind. */
export function pick<T>(all: readonly T[], toKind: (one: T) => unknown): readonly T[] {
  if (!isNarrow) return all;
  const kinds = new Set<unknown>();
  return all.filter((one) => !kinds.has(toKind(one)) && kinds.add(toKind(one)));
}
