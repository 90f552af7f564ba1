import { GatewayError } from "../../base/errors.ts";
import { type CachedTranscript, type CacheLimits, TranscriptCache } from "../cache.ts";
import { type HistoryMessage, leaseMsMax, type SessionStore, type StoredMessage, type Transcript } from "../store.ts";
import { accessOf } from "./access.ts";
import { Channel, type StartThread } from "./channel.ts";
import type { HistoryRow, OperationName, ReplyOf, RequestOf, Snapshot } from "./protocol.ts";

export interface SqliteStoreOptions {
  /** The database file; it is made if it is missing, and so are the directories above it. */
  readonly path: string;
  readonly cacheLimits?: CacheLimits;
  /** Without it, the store has a thread of its own. */
  readonly startThread?: StartThread;
}

/** How often `check` tries to write while that fails: anybody may ask for it, and it waits for the disk. */
const probeMs = 1_000;

const nothing: CachedTranscript = { messages: [], revision: 0, characters: 0 };

/** A store in one SQLite file, which several processes may use at once. Rejects if the file cannot be opened. */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<SessionStore> {
  const channel = await Channel.start({ path: options.path }, options.startThread);
  const cache = new TranscriptCache(options.cacheLimits);
  const writing: { failure: unknown; probedAt: number } = { failure: undefined, probedAt: -probeMs };

  /** What one write says of the next. */
  async function write<Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<ReplyOf<Name>> {
    try {
      const reply = await channel.call(name, request);
      if (accessOf[name] === "durable") writing.failure = undefined;
      return reply;
    } catch (error) {
      if (error instanceof GatewayError && error.code === "storage_unavailable") writing.failure = error;
      throw error;
    }
  }

  /** `known` is what the cache held when the snapshot was asked for; it may have gone since. */
  function toTranscript(key: string, known: CachedTranscript, snapshot: Snapshot): Transcript {
    const { revision, updatedAt } = snapshot;
    if (snapshot.messages === undefined) return { messages: known.messages, revision, updatedAt };
    // Written by this store from messages, and guarded by a checksum since.
    const messages = JSON.parse(snapshot.messages) as StoredMessage[];
    cache.set(key, { messages, revision, characters: snapshot.messages.length });
    return { messages, revision, updatedAt };
  }

  return {
    async open(key, leaseMs, arrival) {
      assertLeaseMs(leaseMs);
      const known = cache.get(key) ?? nothing;
      const reply = await write("open", { key, leaseMs, knownRevision: known.revision, arrival });
      if (reply === undefined) return undefined;
      const { revision, updatedAt } = reply;
      const read = arrival?.blind ? { messages: [], revision, updatedAt } : toTranscript(key, known, reply);
      return { ...read, lease: { key, fence: reply.fence }, receipt: reply.receipt };
    },
    async renew({ key, fence }, leaseMs) {
      assertLeaseMs(leaseMs);
      return channel.call("renew", { key, fence, leaseMs });
    },
    async commit({ key, fence }, { keep, append, receipt }) {
      const bodies = append.map((message) => JSON.stringify(message));
      const revision = await write("commit", { key, fence, keep, bodies, receipt });
      const known = cache.get(key) ?? nothing;
      // Another process may have added turns since the cache was filled.
      if (known.revision !== revision - 1) return cache.delete(key);
      const superseded = known.messages.slice(keep).map((message) => JSON.stringify(message));
      const characters = known.characters - countCharacters(superseded) + countCharacters(bodies);
      cache.set(key, { messages: [...known.messages.slice(0, keep), ...append], revision, characters });
    },
    async erase({ key, fence }) {
      await write("erase", { key, fence });
      cache.delete(key);
    },
    async release({ key, fence }) {
      await channel.call("release", { key, fence });
    },
    async read(key) {
      const known = cache.get(key) ?? nothing;
      return toTranscript(key, known, await channel.call("read", { key, knownRevision: known.revision }));
    },
    find: (key) => channel.call("find", { key }),
    list: (query) => channel.call("list", query),
    async history(key, query) {
      const page = await channel.call("history", { key, ...query });
      return page === undefined ? undefined : { ...page, items: page.items.map(toHistoryMessage) };
    },
    addUse: (uses) => channel.call("addUse", uses),
    async check() {
      await channel.call("read", { key: "", knownRevision: 0 });
      if (writing.failure === undefined) return;
      if (performance.now() - writing.probedAt < probeMs) throw writing.failure;
      writing.probedAt = performance.now();
      await write("probe", undefined);
    },
    examine: () => channel.call("examine", undefined),
    close: () => channel.close(),
  };
}

function countCharacters(texts: readonly string[]): number {
  return texts.reduce((sum, { length }) => sum + length, 0);
}

function toHistoryMessage({ body, ...place }: HistoryRow): HistoryMessage {
  return { ...place, message: JSON.parse(body) as StoredMessage };
}

function assertLeaseMs(leaseMs: number): void {
  if (Number.isInteger(leaseMs) && leaseMs >= 1 && leaseMs <= leaseMsMax) return;
  throw new RangeError(`leaseMs must be a whole number from 1 to ${leaseMsMax}, not ${leaseMs}.`);
}
