import { without } from "../edit.ts";
import { defineMutants } from "../mutant.ts";
import { editAnswer, editEvent, isAsked, isEvent, replaced, toPayload } from "../socket-edit.ts";
import type { Frame, ProxiedSocket, SocketHooks } from "../socket-proxy.ts";

type Hooks = (connection: ProxiedSocket) => SocketHooks;

/** Faults in how a run is told, and in what is left of it. */
export const socketChatMutants = defineMutants([
  {
    id: "ws-run-id-own",
    what: "Runs have ids of the gateway's own.",
    socket: renameRuns(),
    killedBy: ["WS-32", "WS-43"],
  },
  {
    id: "ws-repeat-runs-again",
    what: "A key that comes again begins a run.",
    socket: runAgain(),
    killedBy: ["WS-33", "WS-44"],
  },
  {
    id: "ws-chat-key-more",
    what: "`chat` events have a key that the published schema has not.",
    socket: () => editEvent("chat", (payload) => ({ ...payload, sessionId: "1" })),
    killedBy: ["WS-34"],
  },
  {
    id: "ws-chat-end-twice",
    what: "The end of a run is told twice.",
    socket: () => ({ down: (frame) => (isEvent(frame, "chat", { state: "final" }) ? [frame, frame] : frame) }),
    killedBy: ["WS-34"],
  },
  {
    id: "ws-chat-delta-behind-end",
    what: "The last delta is told behind the end.",
    socket: () => {
      let held: Frame | undefined;
      return {
        down: (frame) => {
          if (isEvent(frame, "chat", { state: "delta" })) {
            const before = held;
            held = frame;
            return before;
          }
          return isEvent(frame, "chat", { state: "final" }) && held !== undefined ? [frame, held] : frame;
        },
      };
    },
    killedBy: ["WS-34"],
  },
  {
    id: "ws-chat-delta-lost",
    what: "The first delta is lost.",
    socket: loseFirst("chat", { state: "delta" }),
    killedBy: ["WS-35"],
  },
  {
    id: "ws-chat-delta-whole",
    what: "Deltas have all the text so far.",
    socket: () => {
      let said = "";
      return editEvent("chat", (payload) => {
        if (payload["state"] !== "delta") return payload;
        said += String(payload["deltaText"]);
        return { ...payload, deltaText: said };
      });
    },
    killedBy: ["WS-35"],
  },
  {
    id: "ws-agent-key-more",
    what: "`agent` events name their session, which the published schema does not let them.",
    socket: () => editEvent("agent", (payload) => ({ ...payload, sessionKey: "agent:main:main" })),
    killedBy: ["WS-36"],
  },
  {
    id: "ws-agent-without-end",
    what: "The end of a run's life is not told.",
    socket: () =>
      editEvent("agent", (payload) => ((payload["data"] as Frame)["phase"] === "end" ? undefined : payload)),
    killedBy: ["WS-36"],
  },
  {
    id: "ws-agent-start-late",
    what: "The start of a run's life is told behind its first words.",
    socket: swapFirst(),
    killedBy: ["WS-36"],
  },
  {
    id: "ws-assistant-delta-only",
    what: "`assistant` events have what is new and nothing else.",
    socket: () => editAssistant((data) => without(data, "text")),
    killedBy: ["WS-37"],
  },
  {
    id: "ws-assistant-text-only",
    what: "`assistant` events do not say what is new.",
    socket: () => editAssistant((data) => without(data, "delta")),
    killedBy: ["WS-37"],
  },
  {
    id: "ws-assistant-text-piecewise",
    what: "`text` of `assistant` events is what is new.",
    socket: () => editAssistant((data) => ({ ...data, text: data["delta"] })),
    killedBy: ["WS-37"],
  },
  {
    id: "ws-numbers-with-holes",
    what: "Events are numbered before it is decided who is told of them.",
    socket: () => ({
      ownNumbers: true,
      down: (frame) => (isEvent(frame, "agent", { stream: "assistant" }) ? [] : frame),
    }),
    killedBy: ["WS-38"],
  },
  {
    id: "ws-numbers-of-runs",
    what: "The connection's events have the number that they have in their run.",
    socket: () => ({
      ownNumbers: true,
      down: (frame) =>
        frame["seq"] === undefined ? frame : { ...frame, seq: toPayload(frame)["seq"] ?? frame["seq"] },
    }),
    killedBy: ["WS-38"],
  },
  {
    id: "ws-numbers-none",
    what: "Events have no numbers.",
    socket: () => ({ down: (frame) => without(frame, "seq") }),
    killedBy: ["WS-38"],
  },
  {
    id: "ws-run-numbers-stand",
    what: "The number within a run is always 1.",
    socket: () => ({ down: (frame) => editNumbers(frame) }),
    killedBy: ["WS-39"],
  },
  {
    id: "ws-history-backwards",
    what: "The history begins with what was said last.",
    socket: editAnswer("chat.history", (payload) => editMessages(payload, (list) => list.toReversed())),
    killedBy: ["WS-40", "WS-47"],
  },
  {
    id: "ws-history-of-answers",
    what: "The history leaves out what the user said.",
    socket: editAnswer("chat.history", (payload) =>
      editMessages(payload, (list) => list.filter(({ role }) => role !== "user")),
    ),
    killedBy: ["WS-33", "WS-40", "WS-41"],
  },
  {
    id: "ws-history-without-keys",
    what: "The history does not say by which key a turn came.",
    socket: editAnswer("chat.history", (payload) =>
      editMessages(payload, (list) => list.map((message) => without(message, "idempotencyKey", "__openclaw"))),
    ),
    killedBy: ["WS-41"],
  },
  {
    id: "ws-session-always-active",
    what: "A session is at work for ever.",
    socket: editAnswer("chat.history", (payload) => ({
      ...payload,
      sessionInfo: { ...(payload["sessionInfo"] as Frame), hasActiveRun: true },
    })),
    killedBy: ["WS-41"],
  },
  {
    id: "ws-history-whole",
    what: "The history is whole, whatever `limit` says.",
    socket: () => ({
      up: (frame) =>
        isAsked(frame, "chat.history") ? { ...frame, params: without(frame["params"] as Frame, "limit") } : frame,
    }),
    killedBy: ["WS-42"],
  },
]);

function renameRuns(): Hooks {
  const keys = new Set<string>();
  return () => ({
    up: (frame) => {
      const key = toKey(frame);
      if (key !== undefined) keys.add(key);
      return frame;
    },
    down: (frame) => [...keys].reduce((renamed, key) => replaced(renamed, key, `run-${key.slice(0, 8)}`), frame),
  });
}

/** Gives each repeat a key of its own, and takes it out of what comes back. */
function runAgain(): Hooks {
  const seen = new Map<string, number>();
  return () => ({
    up: (frame) => {
      const key = toKey(frame);
      if (key === undefined) return frame;
      const times = seen.get(key) ?? 0;
      seen.set(key, times + 1);
      return times === 0 ? frame : replaced(frame, key, `${key}-again`);
    },
    down: (frame) => [...seen.keys()].reduce((renamed, key) => replaced(renamed, `${key}-again`, key), frame),
  });
}

function toKey(frame: Frame): string | undefined {
  const key: unknown = (frame["params"] as Frame | undefined)?.["idempotencyKey"];
  return typeof key === "string" ? key : undefined;
}

function loseFirst(name: string, has: Frame): Hooks {
  return () => {
    let lost = false;
    return {
      down: (frame) => {
        if (lost || !isEvent(frame, name, has)) return frame;
        lost = true;
        return undefined;
      },
    };
  };
}

function swapFirst(): Hooks {
  return () => {
    let start: Frame | undefined;
    return {
      down: (frame) => {
        if (isEvent(frame, "agent", { stream: "lifecycle" }) && start === undefined) {
          start = frame;
          return undefined;
        }
        return isEvent(frame, "agent", { stream: "assistant" }) && start !== undefined ? [frame, start] : frame;
      },
    };
  };
}

function editAssistant(edit: (data: Frame) => Frame): SocketHooks {
  return editEvent("agent", (payload) =>
    payload["stream"] === "assistant" ? { ...payload, data: edit(payload["data"] as Frame) } : payload,
  );
}

function editNumbers(frame: Frame): Frame {
  const payload = toPayload(frame);
  return typeof payload["seq"] === "number" ? { ...frame, payload: { ...payload, seq: 1 } } : frame;
}

function editMessages(payload: Frame, edit: (messages: readonly Frame[]) => readonly Frame[]): Frame {
  const { messages } = payload;
  return Array.isArray(messages) ? { ...payload, messages: edit(messages as Frame[]) } : payload;
}
