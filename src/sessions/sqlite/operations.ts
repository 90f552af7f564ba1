import type { DatabaseSync } from "node:sqlite";
import { StoreFailure } from "./failure.ts";
import { createLeases } from "./leases.ts";
import type { Call, OperationName, ReplyOf, RequestOf } from "./protocol.ts";
import { createTranscripts } from "./transcripts.ts";

/**
 * What an operation asks of its transaction: to see one state, to write, or to be on disk before it is answered. A
 * lease need not be: who holds it forgets it in the same power cut that the disk does.
 */
export type Access = "read" | "write" | "durable";

export const accessOf: Record<OperationName, Access> = {
  open: "write",
  renew: "write",
  commit: "durable",
  release: "write",
  read: "read",
};

/** Runs one operation inside the caller's transaction. Throws `StoreFailure`, or what SQLite throws. */
export type Perform = <Name extends OperationName>(call: Call<Name>) => ReplyOf<Name>;

export function createOperations(database: DatabaseSync, holder: string): Perform {
  const leases = createLeases(database, holder);
  const transcripts = createTranscripts(database);

  const table: { readonly [Name in OperationName]: (request: RequestOf<Name>) => ReplyOf<Name> } = {
    open({ key, leaseMs, knownRevision }) {
      const column = toColumn(key);
      const fence = leases.take(column, leaseMs);
      return fence === undefined ? undefined : { fence, ...transcripts.read(column, knownRevision) };
    },
    renew: ({ key, fence, leaseMs }) => leases.renew(toColumn(key), fence, leaseMs),
    commit({ key, fence, keep, bodies }) {
      const column = toColumn(key);
      if (!leases.giveBack(column, fence))
        throw new StoreFailure("lease-lost", "The lease has another holder or none.");
      return transcripts.append(column, keep, bodies);
    },
    release({ key, fence }) {
      leases.giveBack(toColumn(key), fence);
      return undefined;
    },
    read: ({ key, knownRevision }) => transcripts.read(toColumn(key), knownRevision),
  };

  return (call) => table[call.name](call.request);
}

/**
 * A session key as it stands in a column: escaped as in a JSON string. Databases disagree about NUL, and UTF-8 has no
 * lone surrogates (two keys would become one); escaped, every key is plain text, and different keys stay different.
 */
function toColumn(key: string): string {
  return JSON.stringify(key).slice(1, -1);
}
