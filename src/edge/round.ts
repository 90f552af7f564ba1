/** `new` has had nothing yet, and `greedy` much. */
export type Rank = "new" | "usual" | "greedy";

/** Where each turn begins to look for one that waits. */
const starts: readonly Rank[] = ["new", "usual", "new", "greedy"];
const after: Readonly<Record<Rank, readonly Rank[]>> = {
  new: ["new", "usual", "greedy"],
  usual: ["usual", "greedy", "new"],
  greedy: ["greedy", "new", "usual"],
};

/**
 * Whose turn it is, where more wait than can be helped at once: whoever has had less comes more often, those of one rank in
 * order of arrival, and nobody waits for ever.
 */
export class Round<T extends object> {
  readonly #waiting: Readonly<Record<Rank, Set<T>>> = { new: new Set(), usual: new Set(), greedy: new Set() };
  #taken = 0;

  get size(): number {
    const { new: fresh, usual, greedy } = this.#waiting;
    return fresh.size + usual.size + greedy.size;
  }

  has(entry: T): boolean {
    const { new: fresh, usual, greedy } = this.#waiting;
    return fresh.has(entry) || usual.has(entry) || greedy.has(entry);
  }

  /** What waits already keeps its place. */
  add(entry: T, rank: Rank): void {
    if (!this.has(entry)) this.#waiting[rank].add(entry);
  }

  delete(entry: T): void {
    const { new: fresh, usual, greedy } = this.#waiting;
    if (!fresh.delete(entry) && !usual.delete(entry)) greedy.delete(entry);
  }

  /** The next, which waits no more. */
  take(): T | undefined {
    const start = starts[this.#taken++ % starts.length] ?? "usual";
    for (const rank of after[start]) {
      const [next] = this.#waiting[rank];
      if (next === undefined) continue;
      this.#waiting[rank].delete(next);
      return next;
    }
    return undefined;
  }
}
