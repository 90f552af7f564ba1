import { createHash } from "node:crypto";
import type { ChainedRow } from "./chain.ts";
import type { KeyUse } from "./store.ts";

/** A message as it lies in a store, superseded or not. Times are in milliseconds since 1970. */
export interface ArchivedMessage extends ChainedRow {
  readonly sequence: number;
  /** The revision that it came with. */
  readonly turn: number;
  readonly createdAt: number;
  readonly supersededAt: number | null;
}

/** A session with everything that was ever said in it. */
export interface ArchivedSession {
  readonly key: string;
  readonly revision: number;
  readonly length: number;
  readonly lastSequence: number;
  readonly checksum: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Of one that was erased: its revision goes on when it begins anew. */
  readonly deletedAt: number | null;
  readonly messages: readonly ArchivedMessage[];
}

/** A store that sessions are taken from. Nothing else may write to it meanwhile. */
export interface SessionSource {
  /** Every session that is or was there, one after the other. */
  sessions(): Iterable<ArchivedSession>;
  keyUses(): readonly KeyUse[];
  close(): void;
}

/** What became of a session: it was put there, it was there as it is, or there is another one, which stays. */
export type Archived = "put" | "there" | "other";

/** A store that sessions are put into. */
export interface SessionTarget {
  /** Puts it there whole or not at all, with its times and its history, where there is none. */
  put(session: ArchivedSession): Promise<Archived>;
  /** As it lies there now. */
  take(key: string): Promise<ArchivedSession | undefined>;
  /** Adds what keys have spent on days of which nothing is known there. */
  putKeyUses(uses: readonly KeyUse[]): Promise<void>;
  close(): Promise<void>;
}

/** Equal for sessions in which everything is equal. */
export function toDigest({ messages, ...session }: ArchivedSession): string {
  const digest = createHash("sha256");
  const add = (values: readonly unknown[]): void => void digest.update(`${JSON.stringify(values)}\n`);
  const { key, revision, length, lastSequence, checksum, createdAt, updatedAt, deletedAt } = session;
  add([key, revision, length, lastSequence, checksum, createdAt, updatedAt, deletedAt]);
  for (const one of messages) add([one.sequence, one.turn, one.body, one.checksum, one.createdAt, one.supersededAt]);
  return digest.digest("hex");
}
