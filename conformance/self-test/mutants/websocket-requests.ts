import { without } from "../edit.ts";
import { defineMutants } from "../mutant.ts";
import { answered, editAnswer, isAsked, toRefused } from "../socket-edit.ts";
import type { Frame, ProxiedSocket, SocketHooks } from "../socket-proxy.ts";

type Hooks = (connection: ProxiedSocket) => SocketHooks;

/** Faults in how requests are answered that begin no run. */
export const socketRequestMutants = defineMutants([
  {
    id: "ws-unknown-silent",
    what: "An unknown method is not answered.",
    socket: () => ({ up: (frame) => (frame["method"] === "conformance.nothing" ? undefined : frame) }),
    killedBy: ["WS-20"],
  },
  {
    id: "ws-unknown-fine",
    what: "An unknown method is answered as if it had done something.",
    socket: answered("conformance.nothing", {}),
    killedBy: ["WS-20"],
  },
  {
    id: "ws-unknown-closes",
    what: "An unknown method ends the connection.",
    socket: ({ methodOf, close }) => ({
      down: (frame) => {
        if (methodOf(frame["id"]) === "conformance.nothing") setImmediate(close, 1008);
        return frame;
      },
    }),
    killedBy: ["WS-20"],
  },
  {
    id: "ws-params-demanded",
    what: "A request without `params` is refused.",
    socket: ({ toClient }) => ({
      up: (frame) => {
        if (frame["params"] !== undefined) return frame;
        toClient(toRefused(frame, "INVALID_PARAMS"));
        return undefined;
      },
    }),
    killedBy: ["WS-21"],
  },
  {
    id: "ws-agents-key-more",
    what: "`agents.list` has a key that the published schema has not.",
    socket: editAnswer("agents.list", (payload) => ({ ...payload, total: 2 })),
    killedBy: ["WS-22"],
  },
  {
    id: "ws-models-bare",
    what: "`models.list` is a list of names.",
    socket: editAnswer("models.list", () => ({ models: ["openclaw"] })),
    killedBy: ["WS-22"],
  },
  {
    id: "ws-agents-without-model",
    what: "Agents do not say their model.",
    socket: editAnswer("agents.list", (payload) => ({
      ...payload,
      agents: (payload["agents"] as Frame[]).map((agent) => without(agent, "model")),
    })),
    killedBy: ["WS-23"],
  },
  {
    id: "ws-default-agent-elsewhere",
    what: "The default agent is not in the list.",
    socket: editAnswer("agents.list", (payload) => ({ ...payload, defaultId: "nobody" })),
    killedBy: ["WS-23"],
  },
  {
    id: "ws-features-short",
    what: "`features.methods` leaves out what is answered.",
    socket: editAnswer("connect", (payload) => editMethods(payload, (name) => name !== "chat.send")),
    killedBy: ["WS-24"],
  },
  {
    id: "ws-features-idle",
    what: "`features.methods` names what is not answered.",
    socket: ({ toClient }) => ({
      up: (frame) => {
        if (!isAsked(frame, "models.list")) return frame;
        toClient(toRefused(frame, "UNKNOWN"));
        return undefined;
      },
    }),
    killedBy: ["WS-22", "WS-24"],
  },
  {
    id: "ws-one-after-the-other",
    what: "A request waits until the one before is answered.",
    socket: waitForEach,
    killedBy: ["WS-25"],
  },
  {
    id: "ws-params-unchecked",
    what: "Params that lack something are taken.",
    socket: answered("chat.history", { messages: [] }),
    killedBy: ["WS-26"],
  },
  {
    id: "ws-params-wrong-close",
    what: "Params that lack something end the connection.",
    socket: ({ methodOf, close }) => ({
      down: (frame) => {
        if (frame["ok"] !== false || methodOf(frame["id"]) !== "agent") return frame;
        close(1008);
        return undefined;
      },
    }),
    killedBy: ["WS-26"],
  },
  {
    id: "ws-list-whole",
    what: "`limit` is ignored.",
    socket: () => ({
      up: (frame) =>
        isAsked(frame, "sessions.list") || isAsked(frame, "chat.history")
          ? { ...frame, params: without(frame["params"] as Frame, "limit") }
          : frame,
    }),
    killedBy: ["WS-27"],
  },
  {
    id: "ws-row-without-kind",
    what: "Rows of `sessions.list` do not say their kind.",
    socket: editAnswer("sessions.list", (payload) => ({
      ...payload,
      sessions: (payload["sessions"] as Frame[]).map((row) => without(row, "kind")),
    })),
    killedBy: ["WS-27"],
  },
  {
    id: "ws-frames-short-for-ever",
    what: "Frames of more than 64 KiB are never taken.",
    socket: ({ close }) => ({
      up: (frame) => {
        if (JSON.stringify(frame).length <= 64 * 1024) return frame;
        close(1009);
        return undefined;
      },
    }),
    killedBy: ["WS-28"],
  },
  {
    id: "ws-frames-of-any-length",
    what: "`policy.maxPayload` holds nobody back.",
    socket: () => ({
      up: (frame) => (isAsked(frame, "health") ? { ...frame, params: {} } : frame),
    }),
    killedBy: ["WS-29"],
  },
  {
    id: "ws-noise-ends-all",
    what: "What is no frame ends every connection.",
    socket: closeAllOnNoise(),
    killedBy: ["WS-30"],
  },
  {
    id: "ws-ticks-none",
    what: "There are no ticks.",
    socket: () => ({ down: (frame) => (frame["event"] === "tick" ? undefined : frame) }),
    killedBy: ["WS-31"],
  },
  {
    id: "ws-ticks-late",
    what: "Ticks come later than it is said.",
    socket: tickLate(),
    killedBy: ["WS-31"],
  },
]);

/** Without the first one, which may happen to come at once. */
function tickLate(): (connection: ProxiedSocket) => SocketHooks {
  return (connection) => {
    const { down } = editAnswer("connect", (payload) => ({
      ...payload,
      policy: { ...(payload["policy"] as Frame), tickIntervalMs: 500 },
    }))(connection);
    let isFirst = true;
    return {
      down(frame) {
        if (frame["event"] !== "tick" || !isFirst) return down(frame);
        isFirst = false;
        return undefined;
      },
    };
  };
}

function editMethods(payload: Frame, isKept: (name: unknown) => boolean): Frame {
  const features = payload["features"] as Frame;
  return { ...payload, features: { ...features, methods: (features["methods"] as unknown[]).filter(isKept) } };
}

function waitForEach({ toGolden }: ProxiedSocket): SocketHooks {
  let under: unknown;
  const waiting: Frame[] = [];
  const begin = (frame: Frame | undefined): void => {
    under = frame?.["id"];
    if (frame !== undefined) toGolden(frame);
  };
  return {
    up: (frame) => {
      if (under === undefined) begin(frame);
      else waiting.push(frame);
      return undefined;
    },
    down: (frame) => {
      if (frame["id"] === under && frame["type"] === "res") begin(waiting.shift());
      return frame;
    },
  };
}

function closeAllOnNoise(): Hooks {
  const open = new Set<ProxiedSocket>();
  return (connection) => {
    open.add(connection);
    return {
      noise: () => {
        for (const { close } of open) close(1011);
      },
      left: () => void open.delete(connection),
    };
  };
}
