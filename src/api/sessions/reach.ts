import type { Principal } from "../../base/principal.ts";
import type { Agents } from "../../run/agents.ts";
import { parseOperatorKey, parseStoredKey, toNamespace, toStoredKey } from "../../session/key.ts";

/** Which sessions somebody reaches, and by which keys: the store's, and the ones that they know. */
export interface Reach {
  /** Where the store has a session; undefined for one that is none of theirs, which shall look like none at all. */
  toStored(key: string): string | undefined;
  toShown(stored: string): string;
  /** What to look for in the store; `keyName` asks for the own sessions of another key. */
  toQuery(keyName?: string): { readonly namespace?: string; readonly agentIds?: readonly string[] };
}

/**
 * The operator, and whoever has the scope `admin`, also reaches what keys have for themselves, by the key that the store
 * has for it (`key:<name>:agent:…`). Everybody is bound to the agents that they may use.
 */
export function toReach(principal: Principal, agents: Agents): Reach {
  const { namespace, scopes } = principal;
  const isAdmin = scopes.has("admin");
  const isBound = principal.agents !== undefined || principal.models !== undefined;
  const agentIds = isBound ? agents.of(principal).list.map(({ id }) => id) : undefined;
  return {
    toStored(key) {
      const foreign = isAdmin ? parseStoredKey(key) : undefined;
      const { agentId } = parseOperatorKey(foreign ?? key);
      if (agentId === undefined || agentIds?.includes(agentId) === false) return undefined;
      return foreign === undefined ? toStoredKey(key, principal) : key;
    },
    toShown(stored) {
      return namespace !== undefined && stored.startsWith(namespace) ? stored.slice(namespace.length) : stored;
    },
    toQuery(keyName) {
      const place = keyName === undefined ? namespace : toNamespace(keyName);
      return { ...(place === undefined ? {} : { namespace: place }), ...(agentIds === undefined ? {} : { agentIds }) };
    },
  };
}
