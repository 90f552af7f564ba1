import { GatewayError } from "../base/errors.ts";
import { BodyTurns } from "./body-turns.ts";

/** A body of up to so many bytes is a small one. */
const smallMax = 65_536;
/** Of those that are shorter there are not so many in a turn of the event loop that they need turns of their own. */
const turnMin = 16_384;

/**
 * Bounds what is held of the bodies of all requests together. Small bodies have a quarter for themselves, so that large
 * ones, however slowly they are sent, keep no short question out. A body that is alone is let in whatever its size: its
 * own limit is `bodyBytesMax`.
 */
export class BodyBudget {
  readonly #small: Pool;
  readonly #large: Pool;
  readonly #turns = new BodyTurns();

  /** `bytesMax` is asked each time: another configuration may say otherwise. */
  constructor(bytesMax: () => number) {
    this.#small = { max: () => Math.floor(bytesMax() / 4), held: 0 };
    this.#large = { max: () => Math.ceil((bytesMax() / 4) * 3), held: 0 };
  }

  /** Bytes of all that are held. */
  get held(): number {
    return this.#small.held + this.#large.held;
  }

  /** For one request, which has nothing yet. */
  open(): BodyShare {
    return new BodyShare(this.#small, this.#large, this.#turns);
  }
}

interface Pool {
  readonly max: () => number;
  held: number;
}

/** What one request holds. */
export class BodyShare {
  readonly #large: Pool;
  readonly #turns: BodyTurns;
  #pool: Pool;
  #bytes = 0;

  constructor(small: Pool, large: Pool, turns: BodyTurns) {
    this.#pool = small;
    this.#large = large;
    this.#turns = turns;
  }

  /** Resolves when there is time for what it holds; undefined is at once. */
  wait(): Promise<void> | undefined {
    return this.#bytes < turnMin ? undefined : this.#turns.wait(this.#bytes);
  }

  /** Takes room for so many bytes in all, where it has not as many. Throws `overloaded` if there is none. */
  reach(bytes: number): void {
    if (bytes <= this.#bytes) return;
    const pool = bytes > smallMax ? this.#large : this.#pool;
    const others = pool === this.#pool ? pool.held - this.#bytes : pool.held;
    if (others > 0 && others + bytes > pool.max()) {
      throw new GatewayError(
        "overloaded",
        "The gateway holds as many bytes of requests as it may (gateway.limits.bodyBytesHeld). Try again shortly.",
      );
    }
    this.#pool.held -= this.#bytes;
    pool.held += bytes;
    this.#pool = pool;
    this.#bytes = bytes;
  }

  /** Nothing of the body is needed any more. Safe to call more than once. */
  release(): void {
    this.#pool.held -= this.#bytes;
    this.#bytes = 0;
  }
}
