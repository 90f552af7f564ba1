import type { RunStore } from "../run-store.ts";
import type { OperationName, ReplyOf, RequestOf } from "./protocol.ts";

type Ask = <Name extends OperationName>(name: Name, request: RequestOf<Name>) => Promise<ReplyOf<Name>>;

/** The runs of a store in one SQLite file: what it is asked goes to the thread as it is. */
export function createSqliteRuns(ask: Ask): RunStore {
  return {
    isShared: false,
    admit: (admission) => ask("admitRun", admission),
    append: (hold, batch, begun) => ask("appendRun", { hold, batch, begun }),
    finish: (hold, end) => ask("finishRun", { hold, end }),
    find: (id) => ask("findRun", { id }),
    findKeyed: (principal, text) => ask("findKeyedRun", { principal, text }),
    list: (query) => ask("listRuns", query),
    events: (id, after, limit) => ask("readEvents", { id, after, limit }),
    cancel: (id) => ask("cancelRun", { id }),
    wishes: () => ask("readWishes", undefined),
    // SQLite tells nobody what another process has written.
    watch: () => () => undefined,
    prune: (retention) => ask("pruneRuns", retention),
  };
}
