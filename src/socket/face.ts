import { createChatHistory, type HistoryParts } from "./chat-history.ts";
import { createDescribe } from "./describe.ts";
import { createDirectory } from "./directory.ts";
import { Outgoing, type OutgoingParts } from "./outgoing.ts";
import { createSessionControl, type SessionControlParts } from "./session-control.ts";
import { createSessionList, type SessionListParts } from "./session-rows.ts";
import type { HandshakeFace } from "./sockets.ts";
import { createTalk, type TalkParts } from "./talk.ts";
import type { Config } from "../base/contract.ts";
import type { SessionStore } from "../session/store.ts";

/** The part of it that other doors have as well. */
export type Doorway = Pick<
  HandshakeFace,
  "entry" | "authenticate" | "signIn" | "findRequestFault" | "toAddress" | "assertBounded" | "log"
>;

export interface FaceParts extends TalkParts, HistoryParts, SessionControlParts, SessionListParts, OutgoingParts {
  readonly gateway: Config["gateway"];
  readonly store: Pick<SessionStore, "find" | "history" | "list" | "runs">;
  /** Of the gateway, as `performance.now()` was then. */
  readonly startedAt: number;
  readonly doorway: Doorway;
}

/** What one configuration makes of a connection: a handler for each method, and the way to it. */
export function createFace(parts: FaceParts): HandshakeFace {
  const { gateway, agents, startedAt, doorway } = parts;
  return {
    ...doorway,
    settings: gateway.websocket,
    answerBytesHeld: gateway.limits.answerBytesHeld,
    authMode: gateway.auth.mode,
    describe: createDescribe(gateway, agents, startedAt),
    outgoing: new Outgoing(parts),
    handlers: {
      ...createDirectory(agents),
      ...createSessionList(parts),
      ...createSessionControl(parts),
      ...createChatHistory(parts),
      ...createTalk(parts),
    },
  };
}
