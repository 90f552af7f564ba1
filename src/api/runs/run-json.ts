import type { Run } from "../../base/contract.ts";
import type { LiveRun } from "../../run/live-runs.ts";
import { toFailure } from "../../run/run-outcome.ts";
import type { RunEntry } from "../../session/run-store.ts";

/** A run that is listed, be it logged or not. */
export interface ListedRun extends RunEntry {
  readonly logged: boolean;
}

/** A run that only its client hears, as the store would have it. */
export function toListed({ id, facts, storedKey, createdAt, startedAt, seq }: LiveRun): ListedRun {
  const { principal, agent } = facts;
  return {
    id,
    principal: principal.name,
    namespace: principal.namespace ?? "",
    agentId: agent.id,
    sessionKey: storedKey,
    detached: false,
    logged: false,
    state: startedAt === undefined ? "queued" : "running",
    createdAt,
    startedAt,
    endedAt: undefined,
    lastSeq: seq,
    usage: undefined,
    error: undefined,
    expired: false,
  };
}

/** What is known of a logged run that is under way here is ahead of what the store has. */
export function withLive(run: RunEntry, live: LiveRun | undefined): ListedRun {
  if (live === undefined || run.endedAt !== undefined) return { ...run, logged: true };
  const { state, startedAt, lastSeq } = toListed(live);
  return { ...run, state, startedAt, lastSeq, logged: true };
}

/** `shown` is the key by which the reader knows the session. */
export function toRun(run: ListedRun, shown: string): Run {
  return {
    id: run.id,
    object: "run",
    state: run.state,
    agent_id: run.agentId,
    session_key: shown,
    key: run.principal,
    detached: run.detached,
    logged: run.logged,
    created_at: toSeconds(run.createdAt),
    started_at: run.startedAt === undefined ? null : toSeconds(run.startedAt),
    ended_at: run.endedAt === undefined ? null : toSeconds(run.endedAt),
    last_event: run.lastSeq,
    usage: run.usage ?? null,
    error: run.expired ? null : (toFailure(run)?.toBody().error ?? null),
    expired: run.expired,
  };
}

function toSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}
