import { GatewayError } from "../base/errors.ts";

/** A body of up to so many bytes is a small one. */
const smallMax = 65_536;

/**
 * Bounds what is held of the bodies of all requests together. Small bodies have a quarter for themselves, so that large
 * ones, however slowly they are sent, keep no short question out. A body that is alone is let in whatever its size: its
 * own limit is `bodyBytesMax`.
 */
export class BodyBudget {
  readonly #small: Pool;
  readonly #large: Pool;

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
    return new BodyShare(this.#small, this.#large);
  }
}

interface Pool {
  readonly max: () => number;
  held: number;
}

/** What one request holds. */
export class BodyShare {
  readonly #large: Pool;
  #pool: Pool;
  #bytes = 0;

  constructor(small: Pool, large: Pool) {
    this.#pool = small;
    this.#large = large;
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
