import { setTimeout as delay } from "node:timers/promises";
import { GatewayError } from "../../base/errors.ts";
import { type CacheLimits, TranscriptCache } from "../cache.ts";
import { assertLeaseMs, type HistoryMessage, type SessionStore, type StoredMessage } from "../store.ts";
import { accessOf } from "./access.ts";
import { Channel, type StartThread } from "./channel.ts";
import { createSqliteRuns } from "./sqlite-runs.ts";
import type { HistoryRow, OperationName, ReplyOf, RequestOf } from "./protocol.ts";

export interface SqliteStoreOptions {
  /** The database file; it is made if it is missing, and so are the directories above it. */
  readonly path: string;
  readonly cacheLimits?: CacheLimits;
  /** Without it, the store has a thread of its own. */
  readonly startThread?: StartThread;
}

/** How often `check` tries to write while that fails: anybody may ask for it, and it waits for the disk. */
const probeMs = 1_000;

/** How often another process's lease is asked for again. */
const askAgainMs = 50;

/** A store in one SQLite file, which several processes may use at once. Rejects if the file cannot be opened. */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<SessionStore> {
  const channel = await Channel.start(options.path, options.startThread);
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

  return {
    runs: createSqliteRuns((name, request) =>
      accessOf[name] === "durable" ? write(name, request) : channel.call(name, request),
    ),
    async open(key, leaseMs, arrival) {
      assertLeaseMs(leaseMs);
      const known = cache.recall(key);
      const reply = await write("open", { key, leaseMs, knownRevision: known.revision, arrival });
      if (reply === undefined) return undefined;
      const { revision, updatedAt } = reply;
      const read = arrival?.blind ? { messages: [], revision, updatedAt } : cache.receive(key, known, reply);
      return { ...read, lease: { key, fence: reply.fence }, receipt: reply.receipt };
    },
    // A command line beside the gateway is all that shares the file: it asks often enough, and nobody's place is kept.
    untilFree: (_, ms, signal) => delay(Math.min(ms, askAgainMs), undefined, { signal }),
    leave: () => Promise.resolve(),
    async renew({ key, fence }, leaseMs) {
      assertLeaseMs(leaseMs);
      return channel.call("renew", { key, fence, leaseMs });
    },
    async commit({ key, fence }, { keep, append, receipt, run }) {
      const bodies = append.map((message) => JSON.stringify(message));
      const revision = await write("commit", { key, fence, keep, bodies, receipt, run });
      cache.follow(key, revision, { keep, append, bodies });
    },
    async erase({ key, fence }) {
      await write("erase", { key, fence });
      cache.delete(key);
    },
    async release({ key, fence }) {
      await channel.call("release", { key, fence });
    },
    async read(key) {
      const known = cache.recall(key);
      return cache.receive(key, known, await channel.call("read", { key, knownRevision: known.revision }));
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

function toHistoryMessage({ body, ...place }: HistoryRow): HistoryMessage {
  return { ...place, message: JSON.parse(body) as StoredMessage };
}
