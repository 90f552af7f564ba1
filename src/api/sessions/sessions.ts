import { type Reach, toReach } from "./reach.ts";
import { toMessage, toMessageId, toSequence, toSession } from "./session-json.ts";
import type { Audit } from "../../base/audit/audit.ts";
import type { Call, Handler, Session } from "../../base/contract.ts";
import { GatewayError, insufficientScope } from "../../base/errors.ts";
import type { Agents } from "../../run/agents.ts";
import type { OpenTurn, Turns } from "../../run/turns.ts";
import type { SessionStore } from "../../session/store.ts";

export interface SessionsParts {
  readonly store: Pick<SessionStore, "find" | "history" | "list">;
  readonly turns: Turns;
  readonly agents: Agents;
  readonly audit: Audit;
  /** Tells whoever looks on that what was said in a session is gone; by the key that the store has for it. */
  readonly onGone: (storedKey: string, reason: "reset" | "delete") => void;
}

/** As the contract says of `limit`. */
const limitDefault = 20;

/** `GET /v1/sessions`. */
export function createListSessions({ store, agents }: SessionsParts): Handler<"listSessions"> {
  return async ({ parameters: { agent: agentId, key: keyName, after, limit = limitDefault }, principal }) => {
    if (keyName !== undefined && !principal.scopes.has("admin")) throw insufficientScope(principal.name, "admin");
    const reach = toReach(principal, agents);
    const last = after === undefined ? undefined : reach.toStored(after);
    const query = {
      ...reach.toQuery(keyName),
      limit,
      ...(agentId === undefined ? {} : { agentId }),
      ...(last === undefined ? {} : { after: last }),
    };
    const page = after !== undefined && last === undefined ? undefined : await store.list(query);
    if (page === undefined) {
      throw new GatewayError("invalid_value", "Invalid value for 'after': there has never been such a session.", {
        param: "after",
      });
    }
    const data = page.items.map((entry) => toSession(entry, reach.toShown(entry.key)));
    return { status: 200, body: { object: "list", data, has_more: page.hasMore, last_id: data.at(-1)?.id ?? null } };
  };
}

/** `GET /v1/sessions/{key}`. */
export function createRetrieveSession(parts: SessionsParts): Handler<"retrieveSession"> {
  return async ({ parameters: { key }, principal }) => {
    return { status: 200, body: await mustFind(parts, key, toReach(principal, parts.agents)) };
  };
}

/** `GET /v1/sessions/{key}/messages`. */
export function createListSessionMessages({ store, agents }: SessionsParts): Handler<"listSessionMessages"> {
  return async ({ parameters: { key, limit = limitDefault, after, include }, principal }) => {
    const query = { limit, after: toSequence(after), includeSuperseded: include === "superseded" };
    const stored = toReach(principal, agents).toStored(key);
    const page = stored === undefined ? undefined : await store.history(stored, query);
    if (page === undefined) throw notFound(key);
    const last = page.items.at(-1);
    return {
      status: 200,
      body: {
        object: "list",
        data: page.items.map(toMessage),
        has_more: page.hasMore,
        last_id: last === undefined ? null : toMessageId(last),
      },
    };
  };
}

/** `POST /v1/sessions/{key}/reset`. */
export function createResetSession(parts: SessionsParts): Handler<"resetSession"> {
  return async (call) => {
    const { key } = call.parameters;
    const reach = toReach(call.principal, parts.agents);
    const stored = await change(parts.turns, call, reach, (turn) => turn.commit({ keep: 0, append: [] }));
    parts.onGone(stored, "reset");
    parts.audit.record({ event: "session-reset", ...toRecord(call) });
    return { status: 200, body: await mustFind(parts, key, reach) };
  };
}

/** `DELETE /v1/sessions/{key}`. */
export function createDeleteSession({ turns, agents, audit, onGone }: SessionsParts): Handler<"deleteSession"> {
  return async (call) => {
    const { key } = call.parameters;
    onGone(await change(turns, call, toReach(call.principal, agents), (turn) => turn.erase()), "delete");
    audit.record({ event: "session-delete", ...toRecord(call) });
    return { status: 200, body: { id: key, object: "session.deleted", deleted: true } };
  };
}

type ChangeCall = Call<"deleteSession" | "resetSession">;

/** Written before the answer: who was told that it is done finds it there. */
function toRecord({ parameters: { key: session }, requestId, address, principal }: ChangeCall) {
  return { outcome: "done", address, requestId, key: principal.name, session } as const;
}

/** Takes the session's turn as a run does, so that no run is under way meanwhile. Returns the key that the store has. */
async function change(
  turns: Turns,
  { parameters: { key }, signal }: ChangeCall,
  reach: Reach,
  apply: (turn: OpenTurn) => Promise<void>,
): Promise<string> {
  const stored = reach.toStored(key);
  if (stored === undefined) throw notFound(key);
  const turn = await turns.open(stored, signal, { blind: true });
  try {
    if (!turn.exists) throw notFound(key);
    await apply(turn);
    return stored;
  } finally {
    await turn.release();
  }
}

async function mustFind({ store }: Pick<SessionsParts, "store">, key: string, reach: Reach): Promise<Session> {
  const stored = reach.toStored(key);
  const entry = stored === undefined ? undefined : await store.find(stored);
  if (entry === undefined) throw notFound(key);
  return toSession(entry, reach.toShown(entry.key));
}

function notFound(key: string): GatewayError {
  return new GatewayError("session_not_found", `There is no session '${key.slice(0, 64)}'.`, { param: "key" });
}
