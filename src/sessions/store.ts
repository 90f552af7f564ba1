import type { Message } from "../contract.ts";

/**
 * The longest lease. An end further away than this was written before the clock was set back, and counts as past:
 * otherwise a holder that died would block its session until the clock has caught up.
 */
export const leaseMsMax = 600_000;

/** A session as the store holds it: the messages a model would see again, oldest first. */
export interface Transcript {
  readonly messages: readonly Message[];
  /** Grows with every committed turn; 0 for a session that does not exist yet. */
  readonly revision: number;
}

/** The right to write one session, taken by `open` and given back by `commit` or `release`. */
export interface Lease {
  readonly key: string;
  /** Grows for ever; a commit with an older fence than the session's current one is refused. */
  readonly fence: number;
}

export interface OpenSession extends Transcript {
  readonly lease: Lease;
}

export interface Turn {
  /** How many messages of the transcript stay; the rest are marked superseded and stay readable. */
  readonly keep: number;
  /** The new messages of the client, then those of the run. Handed over: the caller changes them no more. */
  readonly append: readonly Message[];
}

/**
 * Where transcripts live. Every method rejects with `GatewayError` `storage_unavailable` when the store fails.
 *
 * What `commit` has resolved for is on disk and survives a crash; a turn whose commit did not resolve is there whole
 * or not at all. Several processes may share one store: the lease decides who writes. A lease that has expired still
 * holds until another holder takes the session; only then is it lost.
 *
 * Keys and texts are any string, compared and kept exactly (NUL and lone surrogates too). `leaseMs` is a whole number
 * from 1 to `leaseMsMax`; another number is a defect of the caller, and rejects with a `RangeError`.
 */
export interface SessionStore {
  /** Leases the session and reads it. Resolves to `undefined` while another holder has an unexpired lease. */
  open(key: string, leaseMs: number): Promise<OpenSession | undefined>;
  /** Moves the end of the lease to `leaseMs` from now. Resolves to false if the lease was lost. */
  renew(lease: Lease, leaseMs: number): Promise<boolean>;
  /**
   * Writes one turn in one transaction and gives the lease back. Rejects with `session_busy` if the lease was lost or
   * was given back before, and with a `RangeError` if `turn.keep` exceeds the transcript. A commit that rejects has
   * changed nothing, the lease included: the caller releases it.
   */
  commit(lease: Lease, turn: Turn): Promise<void>;
  /** Gives the lease back without writing; does nothing if it was lost. */
  release(lease: Lease): Promise<void>;
  /** Reads a session without leasing it. */
  read(key: string): Promise<Transcript>;
  /** Finishes what is under way, then closes; calls made later reject. May be called again. */
  close(): Promise<void>;
}
