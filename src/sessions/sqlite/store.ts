import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Message } from "../../contract.ts";
import { type CachedTranscript, type CacheLimits, TranscriptCache } from "../cache.ts";
import { leaseMsMax, type SessionStore } from "../store.ts";
import { Channel } from "./channel.ts";
import type { Snapshot } from "./protocol.ts";

export interface SqliteStoreOptions {
  /** The database file; it is made if it is missing, and so are the directories above it. */
  readonly path: string;
  readonly cacheLimits?: CacheLimits;
}

const nothing: CachedTranscript = { messages: [], revision: 0, characters: 0 };

/** A store in one SQLite file, which several processes may use at once. Rejects if the file cannot be opened. */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<SessionStore> {
  const holder = `${hostname()}:${process.pid}:${randomUUID()}`;
  const channel = await Channel.start({ path: options.path, holder });
  const cache = new TranscriptCache(options.cacheLimits);

  /** `known` is what the cache held when the snapshot was asked for; it may have gone since. */
  function toTranscript(key: string, known: CachedTranscript, snapshot: Snapshot): CachedTranscript {
    if (snapshot.messages === undefined) return known;
    // Written by this store from messages, and guarded by a checksum since.
    const messages = JSON.parse(snapshot.messages) as Message[];
    const transcript = { messages, revision: snapshot.revision, characters: snapshot.messages.length };
    cache.set(key, transcript);
    return transcript;
  }

  return {
    async open(key, leaseMs) {
      assertLeaseMs(leaseMs);
      const known = cache.get(key) ?? nothing;
      const reply = await channel.call("open", { key, leaseMs, knownRevision: known.revision });
      if (reply === undefined) return undefined;
      const { messages, revision } = toTranscript(key, known, reply);
      return { messages, revision, lease: { key, fence: reply.fence } };
    },
    async renew({ key, fence }, leaseMs) {
      assertLeaseMs(leaseMs);
      return channel.call("renew", { key, fence, leaseMs });
    },
    async commit({ key, fence }, { keep, append }) {
      const bodies = append.map((message) => JSON.stringify(message));
      const revision = await channel.call("commit", { key, fence, keep, bodies });
      const known = cache.get(key) ?? nothing;
      // Only a plain continuation is worth following; anything else is read again when it is needed.
      if (known.revision !== revision - 1 || known.messages.length !== keep) return cache.delete(key);
      const characters = bodies.reduce((sum, body) => sum + body.length, known.characters);
      cache.set(key, { messages: [...known.messages, ...append], revision, characters });
    },
    async release({ key, fence }) {
      await channel.call("release", { key, fence });
    },
    async read(key) {
      const known = cache.get(key) ?? nothing;
      const { messages, revision } = toTranscript(
        key,
        known,
        await channel.call("read", { key, knownRevision: known.revision }),
      );
      return { messages, revision };
    },
    close: () => channel.close(),
  };
}

function assertLeaseMs(leaseMs: number): void {
  if (Number.isInteger(leaseMs) && leaseMs >= 1 && leaseMs <= leaseMsMax) return;
  throw new RangeError(`leaseMs must be a whole number from 1 to ${leaseMsMax}, not ${leaseMs}.`);
}
