import type { KeyConfig } from "./contract.ts";
import { GatewayError } from "./errors.ts";
import type { Quota, QuotaHeaders } from "./principal.ts";
import { RateWindow } from "./rate-window.ts";
import type { RequestSlices } from "./request-slices.ts";

/** What a key may use; what is absent has no limit. */
export type Limits = Pick<KeyConfig, "requestsPerMinute" | "runsMax" | "tokensPerDay">;

/** The time: `steady` never goes back, `wall` is in milliseconds since 1970. */
export interface Clock {
  readonly steady: () => number;
  readonly wall: () => number;
}

/** What one key has used. It outlives the configuration that it was made for. */
export interface QuotaParts {
  readonly name: string;
  readonly clock: Clock;
  readonly onRefused: (limit: keyof Limits) => void;
  /** Told of tokens that nobody else knows of yet. */
  readonly onSpent: () => void;
  /** Where other gateways count the same key; undefined for the only one. */
  readonly slices?: RequestSlices | undefined;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** The number of a day in UTC. */
export function toDay(wall: number): number {
  return Math.floor(wall / dayMs);
}

/** A quota whose tokens of the day are kept elsewhere, and may be spent elsewhere too. */
export class KeyQuota implements Quota {
  readonly name: string;
  readonly #parts: QuotaParts;
  #limits: Limits = {};
  #requests: RateWindow | undefined;
  #runs = 0;
  #day = 0;
  #tokens = 0;
  #unsaved = 0;

  constructor(parts: QuotaParts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  /** What has been used already counts against new limits too. */
  limit(limits: Limits): void {
    const { requestsPerMinute: most } = limits;
    this.#limits = limits;
    if (most === undefined) this.#requests = undefined;
    else if (this.#requests === undefined) this.#requests = new RateWindow(most, minuteMs);
    else if (this.#requests.limit !== most) this.#requests = this.#requests.withLimit(most);
  }

  takeRequest(): Promise<void> | undefined {
    const window = this.#requests;
    if (window === undefined) return undefined;
    const isHere = window.remaining(this.#parts.clock.steady()) > 0;
    const granted = isHere && (this.#parts.slices?.take(window.limit) ?? true);
    if (typeof granted !== "boolean") return granted.then((isGranted) => this.#count(window, isGranted));
    this.#count(window, granted);
    return undefined;
  }

  /** What of its minute this gateway has asked for, and does not use, is for others again. */
  async giveBackRequests(): Promise<void> {
    if (this.#requests !== undefined) await this.#parts.slices?.giveBack(this.#requests.limit);
  }

  beginRun(): () => void {
    this.#assertTokensLeft();
    const { runsMax } = this.#limits;
    if (runsMax !== undefined && this.#runs >= runsMax) {
      this.#parts.onRefused("runsMax");
      const message = `Limit of the key '${this.name}': ${runsMax} runs at once, and so many are under way.`;
      throw new GatewayError("rate_limit_exceeded", message, { headers: toTexts(this.toHeaders()) });
    }
    this.#runs += 1;
    let ended = false;
    return () => {
      if (!ended) this.#runs -= 1;
      ended = true;
    };
  }

  spend(tokens: number): void {
    if (this.#limits.tokensPerDay === undefined || tokens <= 0) return;
    this.#turnDay();
    this.#tokens = add(this.#tokens, tokens);
    this.#unsaved = add(this.#unsaved, tokens);
    this.#parts.onSpent();
  }

  /** What was spent since it was asked last; a day that has ended takes with it what nobody asked for. */
  takeUnsaved(): { readonly day: number; readonly tokens: number } {
    this.#turnDay();
    const tokens = this.#unsaved;
    this.#unsaved = 0;
    return { day: this.#day, tokens };
  }

  /** It could not be saved. */
  giveBack({ day, tokens }: { readonly day: number; readonly tokens: number }): void {
    if (day === this.#day) this.#unsaved = add(this.#unsaved, tokens);
  }

  /** What the key has spent on this day according to all who know; what was spent since is not in it. */
  learn({ day, tokens }: { readonly day: number; readonly tokens: number }): void {
    this.#turnDay();
    if (day === this.#day) this.#tokens = add(tokens, this.#unsaved);
  }

  toHeaders(): QuotaHeaders {
    const { wall } = this.#parts.clock;
    const { tokensPerDay } = this.#limits;
    this.#turnDay();
    return {
      ...(this.#requests === undefined ? {} : this.#toRequestHeaders(this.#requests)),
      ...(tokensPerDay === undefined
        ? {}
        : {
            "x-ratelimit-limit-tokens": tokensPerDay,
            "x-ratelimit-remaining-tokens": Math.max(0, tokensPerDay - this.#tokens),
            "x-ratelimit-reset-tokens": toDuration((this.#day + 1) * dayMs - wall()),
          }),
    };
  }

  /** Counts a request of those in the window; throws if it is none that is granted. */
  #count(window: RateWindow, isGranted: boolean): void {
    const now = this.#parts.clock.steady();
    if (isGranted && window.take(now)) return;
    const waitMs = Math.min(minuteMs, Math.max(window.waitMs(now), this.#parts.slices?.waitMs() ?? 0));
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    const message = `Limit of the key '${this.name}': ${window.limit} requests per minute. The next is possible in ${seconds} s.`;
    this.#parts.onRefused("requestsPerMinute");
    throw new GatewayError("rate_limit_exceeded", message, {
      retryAfterSeconds: seconds,
      headers: toTexts(this.toHeaders()),
    });
  }

  #toRequestHeaders(window: RateWindow): QuotaHeaders {
    const { clock, slices } = this.#parts;
    const now = clock.steady();
    const remaining = Math.min(window.remaining(now), slices?.remaining(window.limit) ?? window.limit);
    const resetMs = Math.min(minuteMs, Math.max(window.resetMs(now), slices?.resetMs() ?? 0));
    return {
      "x-ratelimit-limit-requests": window.limit,
      "x-ratelimit-remaining-requests": remaining,
      "x-ratelimit-reset-requests": toDuration(resetMs),
    };
  }

  #assertTokensLeft(): void {
    const { tokensPerDay } = this.#limits;
    this.#turnDay();
    if (tokensPerDay === undefined || this.#tokens < tokensPerDay) return;
    this.#parts.onRefused("tokensPerDay");
    const headers = this.toHeaders();
    const message = `Limit of the key '${this.name}': ${tokensPerDay} tokens per day, which are spent. The next day begins in ${headers["x-ratelimit-reset-tokens"]}.`;
    throw new GatewayError("insufficient_quota", message, {
      retry: false,
      // Clients that try again whatever they are told shall at least do so seldom; more than this no answer may say.
      headers: { ...toTexts(headers), "retry-after": "60" },
    });
  }

  /**
   * The clock may be set back, and the day before does not come again. One that is set right after it was further ahead does
   * not keep a key waiting for that day to end.
   */
  #turnDay(): void {
    const day = toDay(this.#parts.clock.wall());
    if (day === this.#day || day === this.#day - 1) return;
    this.#day = day;
    this.#tokens = 0;
    this.#unsaved = 0;
  }
}

/** Beyond this, stores and programs count otherwise than one by one. */
function add(one: number, other: number): number {
  return Math.min(one + other, Number.MAX_SAFE_INTEGER);
}

function toTexts(headers: QuotaHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

/** As OpenAI's headers have it: `12ms`, `1s`, `6m0s`, `1h0m0s`; rounded up, so that nobody comes too early. */
export function toDuration(ms: number): string {
  if (ms > 0 && ms <= 999) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(Math.max(0, ms) / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const parts = [hours > 0 ? `${hours}h` : "", seconds >= 60 ? `${minutes}m` : "", `${seconds % 60}s`];
  return parts.join("");
}
