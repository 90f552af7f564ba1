import { toDefaults } from "./directory.ts";
import type { SocketHandlers } from "./methods.ts";
import type { RunNames } from "./run-names.ts";
import { nameSession, type NamedSession, toModelNames, toSessionId } from "./session-name.ts";
import { toReach } from "../api/sessions/reach.ts";
import type { SessionRow } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import type { Principal } from "../base/principal.ts";
import type { Agent, Agents } from "../run/agents.ts";
import type { LiveRuns } from "../run/live-runs.ts";
import { parseOperatorKey, parseStoredKey } from "../session/key.ts";
import type { SessionEntry, SessionStore } from "../session/store.ts";

export interface RowParts {
  readonly live: LiveRuns;
  readonly names: RunNames;
}

export interface SessionListParts extends RowParts {
  readonly agents: Agents;
  readonly store: Pick<SessionStore, "list">;
}

/** The store lists sessions by when they began; so many of them are looked at to find those that were used last. */
const listedMax = 1000;
const limitDefault = 100;
const limitMax = 500;

export function createSessionList(parts: SessionListParts): Pick<SocketHandlers, "sessions.list"> {
  const { agents: all, store } = parts;
  return {
    async "sessions.list"({ limit = limitDefault, offset = 0, activeMinutes, agentId, search }, { principal }) {
      const agents = all.of(principal);
      const reach = toReach(principal, all);
      const query = { ...reach.toQuery(), limit: listedMax, ...(agentId === undefined ? {} : { agentId }) };
      const { items = [] } = (await store.list(query)) ?? {};
      const since = activeMinutes === undefined ? 0 : Date.now() - activeMinutes * 60_000;
      const wanted = search?.toLowerCase() ?? "";
      const found = items
        .filter(({ key, updatedAt }) => updatedAt >= since && reach.toShown(key).toLowerCase().includes(wanted))
        .toSorted((one, other) => other.updatedAt - one.updatedAt);
      const page = found.slice(offset, offset + Math.min(limit, limitMax));
      const active = listActive(parts);
      return {
        ts: Date.now(),
        path: "",
        count: page.length,
        totalCount: found.length,
        hasMore: offset + page.length < found.length,
        defaults: toDefaults(agents),
        sessions: page.map((entry) => {
          const key = reach.toShown(entry.key);
          return toRow(parts, { stored: entry.key, key, agent: findOwner(agents, entry.key), entry }, active);
        }),
      };
    },
  };
}

/** A session of which there may be nothing yet. */
export interface RowSubject extends Pick<NamedSession, "stored" | "key"> {
  /** Undefined for one that is not there any more. */
  readonly agent: Agent | undefined;
  readonly entry: SessionEntry | undefined;
}

export function toRow(
  parts: RowParts,
  { stored, key, agent, entry }: RowSubject,
  active: ReadonlyMap<string, readonly string[]> = listActive(parts),
): SessionRow {
  const activeRunIds = [...(active.get(stored) ?? [])];
  const { agentId = agent?.id ?? "", key: name } = parseOperatorKey(parseStoredKey(stored) ?? stored);
  return {
    key,
    sessionId: toSessionId(stored, entry?.createdAt),
    kind: "direct",
    // Nothing may stand behind the agent's id, too.
    displayName: name === "" ? key : name,
    agentId,
    updatedAt: entry?.updatedAt ?? null,
    ...(agent === undefined ? {} : toModelNames(agent)),
    hasActiveRun: activeRunIds.length > 0,
    activeRunIds,
    ...(activeRunIds.length > 0 ? { status: "running" } : {}),
  };
}

/** Which runs are under way in which session, in one pass over all. */
function listActive({ live, names }: RowParts): ReadonlyMap<string, readonly string[]> {
  const active = new Map<string, string[]>();
  for (const run of live.list()) {
    const ids = active.get(run.storedKey) ?? [];
    ids.push(names.toName(run.id));
    active.set(run.storedKey, ids);
  }
  return active;
}

function findOwner(agents: Agents, stored: string): Agent | undefined {
  const { agentId } = parseOperatorKey(parseStoredKey(stored) ?? stored);
  return agents.list.find(({ id }) => id === agentId);
}

/** The session that somebody wants to read: their own, or for whoever may the own one of a key. */
export function nameReadable(
  agents: Agents,
  named: { readonly sessionKey: string; readonly agentId?: string | undefined },
  principal: Principal,
): Pick<RowSubject, "stored" | "key" | "agent"> {
  const { sessionKey } = named;
  if (parseStoredKey(sessionKey) === undefined) return nameSession(named, principal, agents);
  const stored = toReach(principal, agents).toStored(sessionKey);
  if (stored === undefined)
    throw new GatewayError("session_not_found", `There is no session '${sessionKey.slice(0, 64)}'.`, {
      param: "sessionKey",
    });
  return { stored, key: sessionKey, agent: findOwner(agents.of(principal), stored) };
}
