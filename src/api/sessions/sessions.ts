import { toMessage, toMessageId, toSequence, toSession } from "./session-json.ts";
import type { Audit } from "../../base/audit/audit.ts";
import type { Call, Handler } from "../../base/contract.ts";
import { GatewayError } from "../../base/errors.ts";
import type { OpenTurn, Turns } from "../../run/turns.ts";
import type { SessionStore } from "../../session/store.ts";

type Reading = Pick<SessionStore, "find" | "history" | "list">;

/** As the contract says of `limit`. */
const limitDefault = 20;

/** `GET /v1/sessions`. */
export function createListSessions(store: Reading): Handler<"listSessions"> {
  return async ({ parameters: { agent: agentId, after, limit = limitDefault } }) => {
    const query = { limit, ...(agentId === undefined ? {} : { agentId }), ...(after === undefined ? {} : { after }) };
    const page = await store.list(query);
    if (page === undefined) {
      throw new GatewayError("invalid_value", "Invalid value for 'after': there has never been such a session.", {
        param: "after",
      });
    }
    const data = page.items.map(toSession);
    return { status: 200, body: { object: "list", data, has_more: page.hasMore, last_id: data.at(-1)?.id ?? null } };
  };
}

/** `GET /v1/sessions/{key}`. */
export function createRetrieveSession(store: Reading): Handler<"retrieveSession"> {
  return async ({ parameters: { key } }) => ({ status: 200, body: toSession(await mustFind(store, key)) });
}

/** `GET /v1/sessions/{key}/messages`. */
export function createListSessionMessages(store: Reading): Handler<"listSessionMessages"> {
  return async ({ parameters: { key, limit = limitDefault, after, include } }) => {
    const query = { limit, after: toSequence(after), includeSuperseded: include === "superseded" };
    const page = await store.history(key, query);
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
export function createResetSession(store: Reading, turns: Turns, audit: Audit): Handler<"resetSession"> {
  return async (call) => {
    const { key } = call.parameters;
    await change(turns, call, (turn) => turn.commit({ keep: 0, append: [] }));
    audit.record({ event: "session-reset", ...toRecord(call) });
    return { status: 200, body: toSession(await mustFind(store, key)) };
  };
}

/** `DELETE /v1/sessions/{key}`. */
export function createDeleteSession(turns: Turns, audit: Audit): Handler<"deleteSession"> {
  return async (call) => {
    const { key } = call.parameters;
    await change(turns, call, (turn) => turn.erase());
    audit.record({ event: "session-delete", ...toRecord(call) });
    return { status: 200, body: { id: key, object: "session.deleted", deleted: true } };
  };
}

type ChangeCall = Call<"deleteSession" | "resetSession">;

/** Written before the answer: who was told that it is done finds it there. */
function toRecord({ parameters: { key: session }, requestId, address, principal }: ChangeCall) {
  return { outcome: "done", address, requestId, key: principal.name, session } as const;
}

/** Takes the session's turn as a run does, so that no run is under way meanwhile. */
async function change(
  turns: Turns,
  { parameters: { key }, signal }: ChangeCall,
  apply: (turn: OpenTurn) => Promise<void>,
): Promise<void> {
  const turn = await turns.open(key, signal);
  try {
    if (!turn.exists) throw notFound(key);
    await apply(turn);
  } finally {
    await turn.release();
  }
}

async function mustFind(store: Reading, key: string): Promise<NonNullable<Awaited<ReturnType<Reading["find"]>>>> {
  const entry = await store.find(key);
  if (entry === undefined) throw notFound(key);
  return entry;
}

function notFound(key: string): GatewayError {
  return new GatewayError("session_not_found", `There is no session '${key.slice(0, 64)}'.`, { param: "key" });
}
