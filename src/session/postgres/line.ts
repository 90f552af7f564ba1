import type { DatabaseClock } from "./database-clock.ts";
import type { LeaseStatements } from "./lease-statements.ts";
import type { Pool } from "./pool.ts";
import type { WakeUps } from "./wake-ups.ts";

/** A session for whose lease calls of several gateways wait. */
interface Waited {
  readonly hash: Buffer;
}

export interface LineParts {
  readonly pool: Pool;
  readonly statements: Pick<LeaseStatements, "place" | "leave">;
  readonly wakeUps: WakeUps;
  readonly holder: string;
  readonly clock: DatabaseClock;
}

/** Whoever waits looks by itself so often, whatever it has heard. */
const lookMs = 1_000;

/** The place of one call that waits, and whether there was news since it looked. */
class Place {
  readonly #unsubscribe: () => void;
  #isNew = false;
  #wake: (() => void) | undefined;

  constructor(wakeUps: WakeUps, id: string) {
    this.#unsubscribe = wakeUps.subscribe(id, () => {
      this.#isNew = true;
      this.#wake?.();
    });
  }

  /** Resolves with the next news, or after so long. Rejects with the signal's reason when it aborts. */
  news(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.#isNew = false;
        this.#wake = undefined;
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        settle();
      };
      const onAbort = (): void => end(() => reject(signal.reason as Error));
      const timer = setTimeout(() => end(resolve), ms);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#wake = () => end(resolve);
      if (this.#isNew) this.#wake();
    });
  }

  leave(): void {
    this.#unsubscribe();
  }
}

/**
 * Where the first call of each gateway waits for a session that another has leased: a row for each, which says when the call
 * came. Whoever gives a lease back names the next in the session itself, and calls it.
 */
export class Line {
  readonly #parts: LineParts;
  readonly #places = new Map<string, Place>();

  constructor(parts: LineParts) {
    this.#parts = parts;
  }

  /** Takes a place, or keeps the one that there is. */
  async enter(waited: Waited, arrivedAt: number): Promise<void> {
    const { pool, statements, wakeUps, holder, clock } = this.#parts;
    const id = toId(waited);
    if (!this.#places.has(id)) this.#places.set(id, new Place(wakeUps, id));
    const asked = Date.now();
    const [row] = await pool.run<{ now: number }>(statements.place, () => [waited.hash, holder, arrivedAt]);
    // Whoever waits asks again with what is known of the time then.
    if (row !== undefined) clock.learn(row.now, asked, Date.now());
  }

  async untilFree(waited: Waited, ms: number, signal: AbortSignal): Promise<void> {
    await this.#places.get(toId(waited))?.news(Math.min(ms, lookMs), signal);
  }

  /** Takes the row of a call away that has been let in, or gives up; others go on. */
  async forget(waited: Waited): Promise<void> {
    const id = toId(waited);
    const place = this.#places.get(id);
    if (place === undefined) return;
    this.#places.delete(id);
    place.leave();
    const { pool, statements, holder } = this.#parts;
    const [row] = await pool.run<{ next: string | null }>(statements.leave, () => [waited.hash, holder]);
    if (row !== undefined) this.call(waited, row.next);
  }

  /** Lets the one know whose turn it is. */
  call(waited: Waited, next: string | null): void {
    if (next !== null && next !== this.#parts.holder) this.#parts.wakeUps.tell(toId(waited));
  }
}

/** Of a session, in news: enough of its hash that two are hardly ever woken for one. */
function toId({ hash }: Waited): string {
  return hash.toString("hex", 0, 8);
}
