import type { DatabaseSync } from "node:sqlite";
import { createCatalogue } from "./catalogue.ts";
import { fromColumn, toColumn } from "../column.ts";
import { createAddUse } from "./key-use.ts";
import { StoreFailure, toFailure } from "./store-failure.ts";
import type { Holder } from "./holder.ts";
import { createLeases } from "./leases.ts";
import { createReceipts } from "./receipts.ts";
import { createRunRetention } from "./run-retention.ts";
import { createRunRows } from "./run-rows.ts";
import { createRunViews } from "./run-views.ts";
import type { Call, OperationName, ReplyOf, RequestOf } from "./protocol.ts";
import { createTranscripts } from "./transcripts.ts";

/** No session has it: a quotation mark is escaped in a column. */
const probeKey = '"';
/** As much as a turn that is not short: what little is left of a full disk shall not do. */
const probeText = "x".repeat(32_768);

/** Runs one operation inside the caller's transaction. Throws `StoreFailure`, or what SQLite throws. */
export type Perform = <Name extends OperationName>(call: Call<Name>) => ReplyOf<Name>;

export function createOperations(database: DatabaseSync, holder: Holder): Perform {
  const leases = createLeases(database, holder);
  // First the leases, then the lock files: what has none must be waited for.
  leases.forgetGone();
  const runs = createRunRows(database, holder);
  runs.interruptGone();
  holder.sweep();
  const transcripts = createTranscripts(database);
  const receipts = createReceipts(database);
  const catalogue = createCatalogue(database);
  const addUse = createAddUse(database);
  const runViews = createRunViews(database);
  const runRetention = createRunRetention(database);

  function giveBack(column: string, fence: number): void {
    if (!leases.giveBack(column, fence)) throw new StoreFailure("lease-lost", "The lease has another holder or none.");
  }

  function isDamaged(column: string): boolean {
    try {
      transcripts.assertIntact(column);
      return false;
    } catch (error) {
      if (toFailure(error).reason === "corrupt") return true;
      throw error;
    }
  }

  const table: { readonly [Name in OperationName]: (request: RequestOf<Name>) => ReplyOf<Name> } = {
    open({ key, leaseMs, knownRevision, arrival }) {
      const column = toColumn(key);
      const fence = leases.take(column, leaseMs);
      if (fence === undefined) return undefined;
      const snapshot = arrival?.blind ? transcripts.find(column) : transcripts.read(column, knownRevision);
      return { fence, ...snapshot, receipt: receipts.meet(column, arrival) };
    },
    renew: ({ key, fence, leaseMs }) => leases.renew(toColumn(key), fence, leaseMs),
    commit({ key, fence, keep, bodies, receipt, run }) {
      const column = toColumn(key);
      giveBack(column, fence);
      if (run !== undefined && !runs.finish(run))
        throw new StoreFailure("lease-lost", "The run is no longer the holder's.");
      // Whoever begins a session anew goes on from nothing that was said in it.
      if (keep === 0) receipts.erase(column);
      if (receipt !== undefined) receipts.put(column, receipt);
      return transcripts.append(column, keep, bodies);
    },
    erase({ key, fence }) {
      const column = toColumn(key);
      giveBack(column, fence);
      transcripts.erase(column);
      receipts.erase(column);
      runRetention.erase(column);
      return undefined;
    },
    release({ key, fence }) {
      leases.giveBack(toColumn(key), fence);
      return undefined;
    },
    read: ({ key, knownRevision }) => transcripts.read(toColumn(key), knownRevision),
    find: ({ key }) => catalogue.find(toColumn(key)),
    list: ({ after, ...query }) => catalogue.list(after === undefined ? query : { ...query, after: toColumn(after) }),
    history({ key, ...query }) {
      const column = toColumn(key);
      transcripts.assertIntact(column);
      return catalogue.history(column, query);
    },
    addUse,
    admitRun: (request) => runs.admit(request),
    appendRun: (request) => runs.append(request),
    finishRun: (request) => runs.finish(request),
    findRun({ id }) {
      runs.interruptGone();
      return runViews.find(id);
    },
    findKeyedRun({ principal, text }) {
      runs.interruptGone();
      return runViews.findKeyed(principal, text);
    },
    listRuns(query) {
      runs.interruptGone();
      return runViews.list(query);
    },
    readEvents: ({ id, after, limit }) => runViews.events(id, after, limit),
    cancelRun: ({ id }) => runs.cancel(id),
    readWishes: () => runs.wishes(),
    pruneRuns: (request) => runRetention.prune(request),
    probe() {
      receipts.put(probeKey, { digest: "", answer: probeText, again: false });
      return undefined;
    },
    examine() {
      const columns = catalogue.listAll();
      return { sessions: columns.length, damaged: columns.filter(isDamaged).map(fromColumn) };
    },
  };

  return (call) => table[call.name](call.request);
}
