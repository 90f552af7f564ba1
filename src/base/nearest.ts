/** The word that somebody probably meant who wrote another one; undefined if none is near. */
export function findNearest(given: string, known: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(given.length / 3));
  const near = known
    .map((word) => ({ word, distance: toDistance(given.toLowerCase(), word.toLowerCase()) }))
    .filter(({ word, distance }) => word !== given && distance <= most && distance < word.length);
  return near.toSorted((one, other) => one.distance - other.distance)[0]?.word;
}

/** How many letters were left out, added, changed or swapped with the next. Whoever writes long names is not so clumsy. */
function toDistance(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > 8 || one.length > 64) return Infinity;
  let [before, row]: [number[], number[]] = [[], Array.from({ length: other.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const same = one[i - 1] === other[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      next[j] = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + same,
        swapped ? (before[j - 2] ?? 0) + 1 : Infinity,
      );
    }
    [before, row] = [row, next];
  }
  return row.at(-1) ?? Infinity;
}
