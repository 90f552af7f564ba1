/** What is wanted of the requests that a key may make in a minute, where several gateways share them. */
export interface SliceRequest {
  /** Of the key. */
  readonly name: string;
  /** Of the slice, and new for each; undefined where none is wanted, and the last is only told of. */
  readonly id: string | undefined;
  /** Requests in any minute, of all gateways. */
  readonly limit: number;
  /** So many are made now. */
  readonly wanted: number;
  /** So many may be given, for those that follow; they are made within `sliceMs` or never. */
  readonly most: number;
  /** The slice before, of which no more are made than these. */
  readonly last: { readonly id: string; readonly used: number } | undefined;
}

export interface SliceAnswer {
  readonly given: number;
  /** How many more others may be given. */
  readonly left: number;
  /** Until at least one more may be given, and until as many may as at the beginning. */
  readonly nextMs: number;
  readonly resetMs: number;
}

/** Takes a slice from where several gateways share them. */
export type TakeSlice = (request: SliceRequest) => Promise<SliceAnswer>;

export interface RequestSlicesParts {
  readonly name: string;
  readonly take: TakeSlice;
  readonly clock: { readonly steady: () => number };
  /** Unique among all gateways. */
  readonly createId: () => string;
  /** Told where a slice has more than was asked for at once, so that `giveBack` is called soon. */
  readonly onSpare: () => void;
}

/** For so long what was given with a slice may be used. */
export const sliceMs = 5_000;
/** A slice is this part of the limit: the smaller, the less lies unused elsewhere, and the more often it is asked for. */
const slicePart = 1 / 10;
/** Whoever calls shall not wait longer for the others: then this gateway counts for itself. */
const patienceMs = 2_000;
/** So long nobody asks again where nothing was left. Others may have given something back meanwhile. */
const pauseMs = 2_000;
/** And so long where nobody answered. */
const awayMs = 10_000;

/** The requests of one key, of which this gateway takes a slice at a time, and gives back what it does not use. */
export class RequestSlices {
  readonly #parts: RequestSlicesParts;
  #slice = { id: "", spare: 0, used: 0, until: 0 };
  #told: (SliceAnswer & { readonly at: number }) | undefined;
  #pausedUntil = 0;
  #isAway = false;
  #waiting = 0;
  #asking: Promise<void> | undefined;

  constructor(parts: RequestSlicesParts) {
    this.#parts = parts;
  }

  /**
   * Whether another request may be made; a promise where others have to be asked. Where they do not answer it may, as far as
   * they are concerned.
   */
  take(limit: number): boolean | Promise<boolean> {
    if (this.#takeSpare()) return true;
    if (this.#asking === undefined && this.#parts.clock.steady() < this.#pausedUntil) return this.#isAway;
    return this.#takeLater(limit);
  }

  /** As far as is known here. */
  remaining(limit: number): number {
    const told = this.#told;
    if (told === undefined || this.resetMs() === 0) return limit;
    return Math.min(limit, told.left + this.#spare());
  }

  waitMs(): number {
    return this.#untilTold("nextMs");
  }

  resetMs(): number {
    return this.#untilTold("resetMs");
  }

  /** Gives back what of a slice is not used yet. Never rejects: what nobody hears of counts as used. */
  async giveBack(limit: number): Promise<void> {
    if (this.#slice.spare === 0 || this.#asking !== undefined) return;
    const last = this.#endSlice();
    await this.#ask({ id: undefined, limit, wanted: 0, most: 0, last }).catch(() => undefined);
  }

  async #takeLater(limit: number): Promise<boolean> {
    this.#waiting += 1;
    try {
      // Those that came first may have taken all that was given.
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- one slice after the other
        await (this.#asking ??= this.#renew(limit).finally(() => (this.#asking = undefined)));
        if (this.#takeSpare()) return true;
        if (this.#parts.clock.steady() < this.#pausedUntil) return this.#isAway;
      }
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Never rejects. */
  async #renew(limit: number): Promise<void> {
    const { clock, createId, onSpare } = this.#parts;
    // Whoever comes in the same turn of the loop asks with the first.
    await Promise.resolve();
    const [id, asked, wanted] = [createId(), clock.steady(), this.#waiting];
    const most = Math.max(wanted, Math.ceil(limit * slicePart));
    const last = this.#endSlice();
    const receive = async (): Promise<void> => {
      const { given, nextMs } = await this.#ask({ id, limit, wanted, most, last });
      this.#isAway = false;
      this.#pausedUntil = given === 0 ? clock.steady() + Math.min(pauseMs, nextMs) : 0;
      this.#slice = { id, spare: given, used: 0, until: asked + sliceMs };
      if (given > wanted) onSpare();
    };
    const isAnswered = await within(patienceMs, receive());
    if (isAnswered) return;
    this.#isAway = true;
    this.#pausedUntil = clock.steady() + awayMs;
  }

  async #ask(request: Omit<SliceRequest, "name">): Promise<SliceAnswer> {
    const answer = await this.#parts.take({ name: this.#parts.name, ...request });
    this.#told = { ...answer, at: this.#parts.clock.steady() };
    return answer;
  }

  #takeSpare(): boolean {
    if (this.#spare() === 0) return false;
    this.#slice.spare -= 1;
    this.#slice.used += 1;
    return true;
  }

  #spare(): number {
    return this.#parts.clock.steady() < this.#slice.until ? this.#slice.spare : 0;
  }

  /** Nothing more of it is used, so that it may be told how much was. */
  #endSlice(): SliceRequest["last"] {
    const { id, used } = this.#slice;
    this.#slice = { id: "", spare: 0, used: 0, until: 0 };
    return id === "" ? undefined : { id, used };
  }

  #untilTold(field: "nextMs" | "resetMs"): number {
    if (this.#told === undefined) return 0;
    return Math.max(0, this.#told.at + this.#told[field] - this.#parts.clock.steady());
  }
}

/** Whether it resolved in this time. */
async function within(ms: number, promised: Promise<void>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, ms, false);
  const isDone = promised.then(
    () => true,
    () => false,
  );
  const result = await Promise.race([isDone, late]);
  clearTimeout(timer);
  return result;
}
