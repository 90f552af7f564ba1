import type { Config } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import { toAddressKey } from "./open-connections.ts";

export type LockoutLimits = Config["gateway"]["auth"]["limit"];

/**
 * What became of a wrong secret: it was counted, it was one too many and has locked its address, or it came from an
 * address that is locked.
 */
export type Attempt = "counted" | "locks" | "locked";

/** The most addresses that are counted, and that are locked: about 2 MB. The oldest one makes room. */
const countsMax = 5_000;
const locksMax = 5_000;

interface Count {
  /** When its window began. */
  readonly since: number;
  failures: number;
}

/**
 * Counts wrong secrets of each address, and locks it for a while after too many. A client of IPv6 has its whole /64.
 *
 * Who is locked out may still present a secret that nobody can guess: else anybody behind the same proxy, or on the same
 * machine, could keep everybody else out. So this is asked about wrong secrets, and about right ones only where they
 * could be guessed. A right one does not clear the count, which would give whoever guesses beside a busy client all the
 * time they want. Locked addresses and counted ones do not take each other's place: a flood of either leaves the other.
 */
export class Lockout {
  /** In the order in which their windows began. */
  readonly #counts = new Map<string, Count>();
  /** The end of each lock, in the order in which they began. */
  readonly #locks = new Map<string, number>();
  readonly #now: () => number;
  #limits: LockoutLimits = { enabled: false, failures: 0, windowMs: 0, lockMs: 0 };

  /** The clock must not jump, in milliseconds; a wall clock would let a lock end early or never. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** From now on these hold. A lock that has begun ends when it was said to. */
  limit(limits: LockoutLimits): void {
    this.#limits = limits;
    if (limits.enabled) return;
    this.#counts.clear();
    this.#locks.clear();
  }

  /** Whether there is anything to ask about. */
  get locksAny(): boolean {
    return this.#locks.size > 0;
  }

  /** Throws 429 `auth_locked` if it is locked. */
  assertOpen(address: string): void {
    if (this.#locks.size === 0) return;
    const leftMs = this.#left(toAddressKey(address));
    if (leftMs <= 0) return;
    const seconds = Math.min(60, Math.ceil(leftMs / 1000));
    throw new GatewayError(
      "auth_locked",
      `Too many wrong API keys from this address; it is locked for ${seconds} more s. A key of full strength is let in all the same.`,
      // Said although SDKs shall not repeat the call by themselves: the same key would be wrong again.
      { headers: { "retry-after": String(seconds) } },
    );
  }

  /** Counts a wrong secret. */
  fail(address: string): Attempt {
    if (!this.#limits.enabled) return "counted";
    const now = this.#now();
    const key = toAddressKey(address);
    if (this.#left(key) > 0) return "locked";
    const { failures, windowMs, lockMs } = this.#limits;
    const known = this.#counts.get(key);
    if (known === undefined || now - known.since >= windowMs) {
      this.#counts.delete(key);
      add(this.#counts, key, { since: now, failures: 1 }, countsMax);
      return "counted";
    }
    known.failures++;
    if (known.failures <= failures) return "counted";
    this.#counts.delete(key);
    this.#locks.delete(key);
    add(this.#locks, key, now + lockMs, locksMax);
    return "locks";
  }

  /** How many addresses it knows. */
  get size(): number {
    return this.#counts.size + this.#locks.size;
  }

  #left(key: string): number {
    return (this.#locks.get(key) ?? 0) - this.#now();
  }
}

function add<T>(map: Map<string, T>, key: string, value: T, max: number): void {
  if (map.size >= max) {
    const [oldest] = map.keys();
    if (oldest !== undefined) map.delete(oldest);
  }
  map.set(key, value);
}
