// What the main thread and the worker say to each other. Messages of transcripts cross as JSON text: a text is copied
// faster than objects are cloned, and the worker has no use for the objects.

import type { Snapshot } from "../cache.ts";
import type {
  Admitted,
  EventBatch,
  EventPage,
  HeldEnd,
  Retention,
  RunAdmission,
  RunHold,
  RunPage,
  RunQuery,
  RunRecord,
  RunWish,
} from "../run-store.ts";
import type {
  Arrival,
  HistoryMessage,
  HistoryQuery,
  KeyUse,
  Page,
  Receipt,
  SessionEntry,
  SessionQuery,
  StoreReport,
} from "../store.ts";

/** What the worker needs to begin. */
export interface WorkerOptions {
  /** The database file. */
  readonly path: string;
  /** A UUID, of which the holder makes its name: whoever asks for random bytes loads all of `node:crypto`, 1.3 MB a thread. */
  readonly id: string;
}

/** A message of the history; `body` is its JSON text. */
export interface HistoryRow extends Omit<HistoryMessage, "message"> {
  readonly body: string;
}

interface LeaseRequest {
  readonly key: string;
  readonly fence: number;
}

/** Every operation with what it takes and gives. */
export interface Operations {
  open: {
    request: {
      readonly key: string;
      readonly leaseMs: number;
      readonly knownRevision: number;
      readonly arrival: Arrival | undefined;
    };
    reply: (Snapshot & { readonly fence: number; readonly receipt: Receipt | undefined }) | undefined;
  };
  renew: { request: LeaseRequest & { readonly leaseMs: number }; reply: boolean };
  /** `bodies` are JSON texts, one per message. The reply is the new revision. */
  commit: {
    request: LeaseRequest & {
      readonly keep: number;
      readonly bodies: readonly string[];
      readonly receipt: Receipt | undefined;
      readonly run: HeldEnd | undefined;
    };
    reply: number;
  };
  erase: { request: LeaseRequest; reply: undefined };
  release: { request: LeaseRequest; reply: undefined };
  read: { request: { readonly key: string; readonly knownRevision: number }; reply: Snapshot };
  find: { request: { readonly key: string }; reply: SessionEntry | undefined };
  list: { request: SessionQuery; reply: Page<SessionEntry> | undefined };
  /** Writes something that is of no use, to see whether it can. */
  probe: { request: undefined; reply: undefined };
  /** What of all sessions cannot be read. */
  examine: { request: undefined; reply: StoreReport };
  history: { request: HistoryQuery & { readonly key: string }; reply: Page<HistoryRow> | undefined };
  addUse: { request: readonly KeyUse[]; reply: readonly number[] };
  admitRun: { request: RunAdmission; reply: Admitted };
  appendRun: {
    request: { readonly hold: RunHold; readonly batch: EventBatch; readonly begun: boolean };
    reply: boolean;
  };
  finishRun: { request: HeldEnd; reply: boolean };
  findRun: { request: { readonly id: string }; reply: RunRecord | undefined };
  findKeyedRun: { request: { readonly principal: string; readonly text: string }; reply: RunRecord | undefined };
  listRuns: { request: RunQuery; reply: RunPage };
  readEvents: { request: { readonly id: string; readonly after: number; readonly limit: number }; reply: EventPage };
  cancelRun: { request: { readonly id: string }; reply: boolean };
  readWishes: { request: undefined; reply: readonly RunWish[] };
  pruneRuns: { request: Retention; reply: boolean };
}

export type OperationName = keyof Operations;
export type RequestOf<Name extends OperationName> = Operations[Name]["request"];
export type ReplyOf<Name extends OperationName> = Operations[Name]["reply"];

export type Call<Name extends OperationName = OperationName> = {
  [Each in Name]: { readonly id: number; readonly name: Each; readonly request: RequestOf<Each> };
}[Name];

/** After `close` the main thread sends nothing more. */
export type ToWorker = Call | { readonly name: "close" };

/** Why an operation, or the start, failed. `store-error.ts` has the error for each of them. */
export type FailureReason = "storage" | "schema-newer" | "lost" | "corrupt" | "lease-lost" | "keep-out-of-range";

export interface Failure {
  readonly reason: FailureReason;
  readonly cause: unknown;
}

export type Answer =
  | { readonly id: number; readonly ok: true; readonly reply: ReplyOf<OperationName> }
  | { readonly id: number; readonly ok: false; readonly failure: Failure };

/** `ready` or `refused` comes first; then one `answers` for every transaction, once it is over. */
export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "refused"; readonly failure: Failure }
  | { readonly type: "answers"; readonly answers: readonly Answer[] };
