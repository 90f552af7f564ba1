import type { OperationName } from "./protocol.ts";

/**
 * What an operation asks of its transaction: to see one state, to write, or to be on disk before it is answered. A
 * lease need not be: who holds it forgets it in the same power cut that the disk does.
 */
export type Access = "read" | "write" | "durable";

export const accessOf: Record<OperationName, Access> = {
  open: "write",
  renew: "write",
  commit: "durable",
  erase: "durable",
  release: "write",
  read: "read",
  find: "read",
  list: "read",
  history: "read",
  addUse: "write",
  admitRun: "durable",
  appendRun: "write",
  finishRun: "durable",
  // Whoever looks writes down that a holder is gone.
  findRun: "write",
  findKeyedRun: "write",
  listRuns: "write",
  readEvents: "read",
  cancelRun: "write",
  readWishes: "read",
  pruneRuns: "write",
  probe: "durable",
  examine: "read",
};
