import type { HistoryMessage, SessionStore } from "../session/store.ts";

/** More than one run leaves behind. */
const pageMax = 200;

/** What is new in the history of a session since it was asked last, or since this was made. */
export class TranscriptTail {
  readonly #store: Pick<SessionStore, "history">;
  readonly #key: string;
  #after: Promise<number>;

  constructor(store: Pick<SessionStore, "history">, key: string) {
    this.#store = store;
    this.#key = key;
    this.#after = this.#read({ after: 0, limit: 1, fromEnd: true }).then((items) => items.at(-1)?.sequence ?? 0);
  }

  /** Nothing where the store fails: whoever reads the history is told that. */
  next(): Promise<readonly HistoryMessage[]> {
    const items = this.#after.then((after) => this.#read({ after, limit: pageMax, fromEnd: false }));
    const before = this.#after;
    this.#after = items.then(async (found) => found.at(-1)?.sequence ?? (await before));
    return items;
  }

  async #read(query: { after: number; limit: number; fromEnd: boolean }): Promise<readonly HistoryMessage[]> {
    try {
      const page = await this.#store.history(this.#key, { ...query, includeSuperseded: false });
      return page?.items ?? [];
    } catch {
      return [];
    }
  }
}
