import type { Principal } from "../../base/principal.ts";
import type { Agents } from "../../run/agents.ts";
import type { RunEntry, RunQuery } from "../../session/run-store.ts";
import { type Reach, toReach } from "../sessions/reach.ts";

type Whose = Pick<RunEntry, "principal" | "namespace" | "agentId">;

/** Which runs somebody sees, and may end. */
export interface RunReach extends Pick<Reach, "toShown" | "toStored"> {
  sees(run: Whose): boolean;
  /** What to look for in the store. */
  toQuery(): Pick<RunQuery, "principal" | "namespace" | "agentIds">;
}

/**
 * Everybody sees the runs that they have asked for; who may read sessions, those of all sessions that are theirs to read;
 * and who has the scope `admin`, as the operator has, all there are. Everybody is bound to the agents that they may use.
 */
export function toRunReach(principal: Principal, agents: Agents): RunReach {
  const { name, namespace = "", scopes } = principal;
  const reach = toReach(principal, agents);
  const { agentIds } = reach.toQuery();
  const whose = scopes.has("admin") ? {} : scopes.has("sessions") ? { namespace } : { principal: name };
  return {
    toShown: (stored) => reach.toShown(stored),
    toStored: (key) => reach.toStored(key),
    sees: (run) =>
      (whose.namespace === undefined || whose.namespace === run.namespace) &&
      (whose.principal === undefined || whose.principal === run.principal) &&
      agentIds?.includes(run.agentId) !== false,
    toQuery: () => ({ ...whose, agentIds }),
  };
}
