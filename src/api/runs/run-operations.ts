import { type ListedRun, toListed, toRun, withLive } from "./run-json.ts";
import { type RunReach, toRunReach } from "./run-reach.ts";
import { toRunHead } from "../chat/answer-form.ts";
import { toCompletion } from "../chat/completion.ts";
import { toNumberedStream } from "../chat/numbered-chunks.ts";
import type { Audit } from "../../base/audit/audit.ts";
import type { Handler, Run } from "../../base/contract.ts";
import { GatewayError } from "../../base/errors.ts";
import type { Principal } from "../../base/principal.ts";
import type { Agents } from "../../run/agents.ts";
import { toUnknown } from "../../run/follow.ts";
import type { LiveRuns } from "../../run/live-runs.ts";
import type { RunLog } from "../../run/run-log.ts";
import { toAnswer, toExpired } from "../../run/run-outcome.ts";
import type { RunQuery, RunRecord, RunStore } from "../../session/run-store.ts";

export interface RunsParts {
  readonly store: Pick<RunStore, "find" | "list">;
  readonly live: LiveRuns;
  readonly runs: RunLog;
  readonly agents: Agents;
  readonly audit: Audit;
}

/** As the contract says of `limit`. */
const limitDefault = 20;

/** `GET /v1/runs`. */
export function createListRuns(parts: RunsParts): Handler<"listRuns"> {
  return async ({ parameters: { state, agent, session, after, limit = limitDefault }, principal }) => {
    const reach = toRunReach(principal, parts.agents);
    const sessionKey = session === undefined ? undefined : reach.toStored(session);
    const isNowhere = session !== undefined && sessionKey === undefined;
    const states = state === undefined ? undefined : [state];
    const query = narrow({ ...reach.toQuery(), sessionKey, states, before: after, limit }, agent);
    const logged = isNowhere ? { items: [], hasMore: false } : await parts.store.list(query);
    const own = isNowhere ? [] : listUnlogged(parts.live, query);
    const items = [...own, ...logged.items.map((run) => withLive(run, parts.live.find(run.id)))].toSorted(byId);
    const data = items.slice(0, limit).map((run) => toRun(run, reach.toShown(run.sessionKey)));
    const hasMore = logged.hasMore || items.length > limit;
    return { status: 200, body: { object: "list", data, has_more: hasMore, last_id: data.at(-1)?.id ?? null } };
  };
}

/** `GET /v1/runs/{id}`. */
export function createRetrieveRun(parts: RunsParts): Handler<"retrieveRun"> {
  return async ({ parameters: { id }, principal }) => {
    const { run, record, reach } = await mustSee(parts, id, principal);
    const completion =
      record?.state === "completed" && !record.expired ? toCompletion(toAnswer(record), toRunHead(record)) : null;
    return { status: 200, body: { ...toRun(run, reach.toShown(run.sessionKey)), completion } };
  };
}

/** `GET /v1/runs/{id}/events`. */
export function createListRunEvents(parts: RunsParts): Handler<"listRunEvents"> {
  return async ({ parameters: { id, after = 0, "last-event-id": last = after }, principal }) => {
    const { record } = await mustSee(parts, id, principal);
    if (record === undefined)
      throw new GatewayError("run_not_logged", `What the run '${id.slice(0, 64)}' says is for its own client alone.`);
    if (record.expired) throw toExpired(id);
    const stream = toNumberedStream((to) => parts.runs.follow(id, 0, to), toRunHead(record), last);
    return { status: 200, headers: { "x-openclaw-run-id": id }, stream };
  };
}

/** `POST /v1/runs/{id}/cancel`. */
export function createCancelRun(parts: RunsParts): Handler<"cancelRun"> {
  return async ({ parameters: { id }, principal, requestId, address }) => {
    const { run, reach } = await mustSee(parts, id, principal);
    await parts.runs.cancel(id);
    const { agentId: agent, sessionKey } = run;
    const session = reach.toShown(sessionKey);
    const key = principal.name;
    parts.audit.record({ event: "run-cancel", outcome: "done", address, requestId, key, runId: id, agent, session });
    const body: Run = toRun((await find(parts, id))?.run ?? run, session);
    return { status: 200, body };
  };
}

interface Seen {
  readonly run: ListedRun;
  /** Undefined where it is not logged. */
  readonly record: RunRecord | undefined;
}

/** One that is somebody else's shall look like none at all. */
async function mustSee(
  parts: RunsParts,
  id: string,
  principal: Principal,
): Promise<Seen & { readonly reach: RunReach }> {
  const reach = toRunReach(principal, parts.agents);
  const seen = await find(parts, id);
  if (seen === undefined || !reach.sees(seen.run)) throw toUnknown(id);
  return { ...seen, reach };
}

async function find({ live, store }: RunsParts, id: string): Promise<Seen | undefined> {
  const own = live.find(id);
  if (own !== undefined && !own.isLogged) return { run: toListed(own), record: undefined };
  const record = await store.find(id);
  return record && { run: withLive(record, own), record };
}

function narrow(query: RunQuery, agentId: string | undefined): RunQuery {
  if (agentId === undefined) return query;
  return { ...query, agentIds: query.agentIds?.includes(agentId) === false ? [] : [agentId] };
}

/** The runs under way that the store does not have, the youngest first, as many as there may be on a page and one more. */
function listUnlogged(live: LiveRuns, { limit, before, ...query }: RunQuery): readonly ListedRun[] {
  const found: ListedRun[] = [];
  for (const run of live.list()) {
    if (run.isLogged) continue;
    const listed = toListed(run);
    if (matches(listed, query) && (before === undefined || listed.id < before)) found.push(listed);
  }
  return found.toSorted(byId).slice(0, limit + 1);
}

function matches(run: ListedRun, query: Omit<RunQuery, "limit" | "before">): boolean {
  const { namespace, principal, agentIds, sessionKey, states } = query;
  return (
    (namespace === undefined || namespace === run.namespace) &&
    (principal === undefined || principal === run.principal) &&
    (sessionKey === undefined || sessionKey === run.sessionKey) &&
    agentIds?.includes(run.agentId) !== false &&
    states?.includes(run.state) !== false
  );
}

function byId(one: ListedRun, other: ListedRun): number {
  return one.id < other.id ? 1 : -1;
}
