import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { type CacheLimits, TranscriptCache } from "../cache.ts";
import {
  type Arrival,
  assertLeaseMs,
  isAnswerTo,
  mayBeAnswered,
  type OpenSession,
  type Receipt,
  receiptMs,
  type SessionStore,
} from "../store.ts";
import { toCatalogueStatements } from "./catalogue-statements.ts";
import { DatabaseClock } from "./database-clock.ts";
import { createJointCommit } from "./joint-commit.ts";
import { toKeyColumns } from "./key-columns.ts";
import { LeasedSessions, toLost } from "./leased-sessions.ts";
import { toLeaseStatements } from "./lease-statements.ts";
import { Line } from "./line.ts";
import { openSchema } from "./open-schema.ts";
import { Pool, type PoolOptions } from "./pool.ts";
import { createReadiness } from "./readiness.ts";
import { createTakeSlice } from "./key-rate.ts";
import { createPostgresRuns } from "./postgres-runs.ts";
import { RunHolder } from "./run-holder.ts";
import { toRunStatements } from "./run-statements.ts";
import { createSessionReader } from "./session-reader.ts";
import { toTranscriptStatements } from "./transcript-statements.ts";
import { UnderWay } from "./under-way.ts";
import { toChannel, WakeUps } from "./wake-ups.ts";

export interface PostgresStoreOptions extends PoolOptions {
  /** Where to listen for other gateways, if not at `url`. */
  readonly listenUrl?: string | undefined;
  readonly schema: string;
  readonly cacheLimits?: CacheLimits;
}

/** How often receipts that are too old are taken away, while new ones come. */
const pruneMs = 60_000;

/** A store in one PostgreSQL database, which several gateways may share. Rejects if the database cannot be used. */
export async function createPostgresStore(options: PostgresStoreOptions): Promise<SessionStore> {
  const { url, listenUrl = url, schema, log } = options;
  const clock = new DatabaseClock();
  await openSchema(url, schema, clock);
  const pool = new Pool(options);

  const s = `"${schema}"`;
  const statements = { ...toLeaseStatements(s), ...toTranscriptStatements(s), ...toCatalogueStatements(s) };
  const runStatements = toRunStatements(s);
  // Host and process are for whoever reads the table.
  const holder = `${randomUUID()}:${hostname()}:${process.pid}`;
  const announce = async (payload: string): Promise<void> =>
    void (await pool.run({ name: "notify", text: "SELECT pg_notify($1, $2)" }, () => [toChannel(schema), payload]));
  const wakeUps = new WakeUps({ url: listenUrl, channel: toChannel(schema), announce, log });
  const line = new Line({ pool, statements, wakeUps, holder, clock });
  const commitTogether = createJointCommit(s);
  const leased = new LeasedSessions({ pool, statements: { ...statements, commitTogether }, line, clock, holder });
  const reader = createSessionReader(pool, statements);
  const runHolder = new RunHolder({ pool, statements: runStatements, name: holder, log });
  const runs = createPostgresRuns({ pool, statements: runStatements, wakeUps, holder: runHolder });
  const cache = new TranscriptCache(options.cacheLimits);
  const takeSlice = createTakeSlice(pool, s);
  const checkReadiness = createReadiness({ pool, leased, schema, clock, holder });

  let prunedAt = performance.now();
  /** Old receipts go beside the turn that brings a new one, which does not wait for it. */
  function prune(): void {
    if (performance.now() - prunedAt < pruneMs) return;
    prunedAt = performance.now();
    pool
      .run(statements.prune, () => [receiptMs])
      .catch((error: unknown) => log.warn({ err: error }, "old receipts are still there; they are taken away later"));
  }

  async function findAnswer(key: string, arrival: Arrival): Promise<Receipt | undefined> {
    if (arrival.digest === undefined || !mayBeAnswered(arrival, Date.now())) return undefined;
    const receipt = await reader.receipt(key, arrival.digest);
    return receipt !== undefined && isAnswerTo(arrival, receipt) ? receipt : undefined;
  }

  async function open(key: string, leaseMs: number, arrival?: Arrival): Promise<OpenSession | undefined> {
    const known = cache.recall(key);
    const held = await leased.take(toKeyColumns(key), leaseMs, arrival);
    if (held === undefined) return undefined;
    const { fence, revision, updated_at: updatedAt, observed: isObserved } = held;
    try {
      const receipt = arrival && (await findAnswer(key, arrival));
      const session = { lease: { key, fence }, receipt, isObserved };
      if (arrival?.blind) return { ...session, messages: [], revision, updatedAt };
      if (revision === known.revision) return { ...session, messages: known.messages, revision, updatedAt };
      const snapshot = await reader.read(key, known.revision);
      if (snapshot.revision !== revision) throw toLost();
      return { ...session, ...cache.receive(key, known, snapshot) };
    } catch (error) {
      await leased.release(fence, undefined);
      throw error;
    }
  }

  const underWay = new UnderWay();
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    await underWay.end();
    await runHolder
      .leave()
      .catch((error: unknown) => log.warn({ err: error }, "runs not ended; they are interrupted later"));
    await leased.releaseAll().catch((error: unknown) => log.warn({ err: error }, "leases not released; they expire"));
    await wakeUps.close();
    await pool.close();
  }

  return {
    runs: underWay.guard(runs),
    async open(key, leaseMs, arrival) {
      assertLeaseMs(leaseMs);
      return underWay.run(() => open(key, leaseMs, arrival));
    },
    untilFree: (key, ms, signal) => line.untilFree(toKeyColumns(key), ms, signal),
    leave: (key) => underWay.run(() => line.forget(toKeyColumns(key))),
    async renew({ fence }, leaseMs) {
      assertLeaseMs(leaseMs);
      return underWay.run(() => leased.renew(fence, leaseMs));
    },
    async commit({ key, fence }, { keep, append, receipt, run }, next) {
      const bodies = append.map((message) => JSON.stringify(message));
      const write = (): Promise<number> => leased.commit(fence, { keep, bodies, receipt, run }, next);
      const revision = await underWay.run(() => (run === undefined ? write() : runHolder.inOrder(run.hold.id, write)));
      if (run !== undefined) {
        runHolder.drop(run.hold.id);
        wakeUps.tellOfRun(run.hold.id);
      }
      cache.follow(key, revision, { keep, append, bodies });
      if (receipt !== undefined) prune();
    },
    async erase({ key, fence }, next) {
      await underWay.run(() => leased.erase(fence, next));
      cache.delete(key);
    },
    release: ({ fence }, next) => underWay.run(() => leased.release(fence, next)),
    async read(key) {
      const known = cache.recall(key);
      return cache.receive(key, known, await underWay.run(() => reader.read(key, known.revision)));
    },
    find: (key) => underWay.run(() => reader.find(key)),
    list: (query) => underWay.run(() => reader.list(query)),
    history: (key, query) => underWay.run(() => reader.history(key, query)),
    addUse: (uses) => underWay.run(() => reader.addUse(uses)),
    takeSlice: (request) => underWay.run(() => takeSlice(request)),
    async observe(keys) {
      const hashes = keys.map((key) => toKeyColumns(key).hash);
      await underWay.run(() => pool.run(statements.observe, () => [hashes, holder]));
    },
    check: () => underWay.run(checkReadiness),
    examine: () => underWay.run(() => reader.examine()),
    close: () => (closing ??= close()),
  };
}
