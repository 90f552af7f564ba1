import type { Followers } from "./followers.ts";
import type { SocketCall, SocketHandlers } from "./methods.ts";
import { nameReadable, type RowParts, toRow } from "./session-rows.ts";
import { toSessionId } from "./session-name.ts";
import type { Audit } from "../base/audit/audit.ts";
import type { Principal } from "../base/principal.ts";
import type { Agents } from "../run/agents.ts";
import type { OpenTurn, Turns } from "../run/turns.ts";
import type { SessionStore } from "../session/store.ts";

export interface SessionControlParts extends RowParts {
  readonly agents: Agents;
  readonly turns: Turns;
  readonly audit: Audit;
  readonly followers: Followers;
  readonly store: Pick<SessionStore, "find">;
}

type ControlMethod =
  | "sessions.subscribe"
  | "sessions.unsubscribe"
  | "sessions.messages.subscribe"
  | "sessions.messages.unsubscribe"
  | "sessions.describe"
  | "sessions.reset"
  | "sessions.delete";

type Changing = SocketCall<"sessions.reset"> | SocketCall<"sessions.delete">;

/** To follow sessions, to look one up, and to end what was said in one. */
export function createSessionControl(parts: SessionControlParts): Pick<SocketHandlers, ControlMethod> {
  const { agents, followers, store } = parts;
  const name = (
    { key, agentId }: { readonly key: string; readonly agentId?: string },
    { principal }: { readonly principal: Principal },
  ): ReturnType<typeof nameReadable> => nameReadable(agents, { sessionKey: key, agentId }, principal);
  return {
    "sessions.subscribe"(_, { member }) {
      followers.subscribe(member);
      return { subscribed: true };
    },
    "sessions.unsubscribe"(_, { member }) {
      followers.unsubscribe(member);
      return { subscribed: false };
    },
    async "sessions.messages.subscribe"(params, call) {
      const { stored, key } = name(params, call);
      await followers.follow(stored, key, call.member);
      return { subscribed: true, key };
    },
    "sessions.messages.unsubscribe"(params, call) {
      const { stored, key } = name(params, call);
      followers.leave(stored, call.member);
      return { subscribed: false, key };
    },
    async "sessions.describe"(params, call) {
      const { stored, key, agent } = name(params, call);
      const entry = await store.find(stored);
      return { session: entry === undefined ? null : toRow(parts, { stored, key, agent, entry }) };
    },
    async "sessions.reset"(params, call) {
      const { stored, key } = name(params, call);
      // One that is not there yet begins anew as well.
      if (await change(parts, stored, call, (turn) => turn.commit({ keep: 0, append: [] })))
        tellOthers(parts, stored, key, "reset", call);
      const entry = await store.find(stored);
      const updatedAt = entry?.updatedAt ?? Date.now();
      return { ok: true, key, entry: { sessionId: toSessionId(stored, entry?.createdAt), updatedAt } };
    },
    async "sessions.delete"(params, call) {
      const { stored, key } = name(params, call);
      const deleted = await change(parts, stored, call, (turn) => turn.erase());
      if (deleted) tellOthers(parts, stored, key, "delete", call);
      return { ok: true, key, deleted, archived: [] };
    },
  };
}

/** Takes the session's turn as a run does, so that no run is under way meanwhile. False where there is no such session. */
async function change(
  { turns }: SessionControlParts,
  stored: string,
  { signal }: Changing,
  apply: (turn: OpenTurn) => Promise<void>,
): Promise<boolean> {
  const turn = await turns.open(stored, signal, { blind: true });
  try {
    if (!turn.exists) return false;
    await apply(turn);
    return true;
  } finally {
    await turn.release();
  }
}

function tellOthers(
  { audit, followers }: SessionControlParts,
  stored: string,
  session: string,
  reason: "reset" | "delete",
  { principal, address, requestId }: Changing,
): void {
  audit.record({ event: `session-${reason}`, outcome: "done", address, requestId, key: principal.name, session });
  followers.tellGone(stored, reason);
}
