import { randomUUID } from "node:crypto";
import { without } from "../edit.ts";
import { defineMutants } from "../mutant.ts";
import { answered, editAnswer, editEvent, isAsked, isEvent, toPayload } from "../socket-edit.ts";
import type { Frame, ProxiedSocket, SocketHooks } from "../socket-proxy.ts";

type Hooks = (connection: ProxiedSocket) => SocketHooks;

/** Faults in how runs begin and end, and in who is told of them. */
export const socketRunMutants = defineMutants([
  {
    id: "ws-agent-answered-once",
    what: "`agent` is answered when the run is over, and only then.",
    socket: dropAnswer(({ status }) => status === "accepted"),
    killedBy: ["WS-43"],
  },
  {
    id: "ws-agent-accepted-only",
    what: "`agent` is not answered again when the run is over.",
    socket: dropAnswer(({ status }) => status !== "accepted"),
    killedBy: ["WS-43", "WS-44"],
  },
  {
    id: "ws-agent-without-text",
    what: "The second answer of `agent` does not have what was said.",
    socket: editAnswer("agent", (payload) => without(payload, "result")),
    killedBy: ["WS-43"],
  },
  {
    id: "ws-wait-never-over",
    what: "`agent.wait` says `timeout` of runs that are over.",
    socket: editAnswer("agent.wait", (payload) => ({ ...payload, status: "timeout" })),
    killedBy: ["WS-45", "WS-47", "WS-48"],
  },
  {
    id: "ws-wait-to-the-end",
    what: "`agent.wait` waits for the end, whatever `timeoutMs` says.",
    socket: () => ({
      up: (frame) =>
        isAsked(frame, "agent.wait") ? { ...frame, params: without(frame["params"] as Frame, "timeoutMs") } : frame,
    }),
    killedBy: ["WS-45"],
  },
  {
    id: "ws-abort-without-effect",
    what: "`chat.abort` is answered, and ends nothing.",
    socket: ({ toClient }) => ({
      up: (frame) => {
        if (!isAsked(frame, "chat.abort")) return frame;
        const runIds = [(frame["params"] as Frame)["runId"]];
        toClient({ type: "res", id: frame["id"], ok: true, payload: { ok: true, aborted: true, runIds } });
        return undefined;
      },
    }),
    killedBy: ["WS-46"],
  },
  {
    id: "ws-abort-told-as-end",
    what: "An aborted run is told as one that is done.",
    socket: () =>
      editEvent("chat", (payload) => (payload["state"] === "aborted" ? { ...payload, state: "final" } : payload)),
    killedBy: ["WS-46"],
  },
  {
    id: "ws-abort-unnamed",
    what: "`chat.abort` does not say which run it has ended.",
    socket: editAnswer("chat.abort", (payload) => ({ ...payload, runIds: [] })),
    killedBy: ["WS-46"],
  },
  {
    id: "ws-leaving-aborts",
    what: "A connection that closes takes its runs along.",
    socket: abortOnLeave,
    killedBy: ["WS-47"],
  },
  {
    id: "ws-failure-told-as-end",
    what: "A run that fails is told as one that is done.",
    socket: () =>
      editEvent("chat", (payload) => (payload["state"] === "error" ? { ...payload, state: "final" } : payload)),
    killedBy: ["WS-48"],
  },
  {
    id: "ws-failure-without-words",
    what: "A run that fails does not say why.",
    socket: () => editEvent("chat", (payload) => without(payload, "errorMessage")),
    killedBy: ["WS-48"],
  },
  {
    id: "ws-reset-without-effect",
    what: "`sessions.reset` is answered, and nothing is forgotten.",
    socket: answered("sessions.reset", { ok: true }),
    killedBy: ["WS-49"],
  },
  {
    id: "ws-delete-without-effect",
    what: "`sessions.delete` is answered, and nothing is removed.",
    socket: answered("sessions.delete", { ok: true, deleted: true }),
    killedBy: ["WS-50"],
  },
  {
    id: "ws-own-runs-only",
    what: "A connection is told of the runs that it has begun, and of no others.",
    socket: dropForeign,
    killedBy: ["WS-51", "WS-53", "WS-55", "WS-58"],
  },
  {
    id: "ws-turn-untold",
    what: "What the user says is told to nobody else.",
    socket: () =>
      editEvent("session.message", (payload) =>
        (payload["message"] as Frame)["role"] === "user" ? undefined : payload,
      ),
    killedBy: ["WS-52"],
  },
  {
    id: "ws-observers-differ",
    what: "Every other connection is told every other piece of a run.",
    socket: skipForEveryOther(),
    killedBy: ["WS-53"],
  },
  {
    id: "ws-tools-for-all",
    what: "Tools at work are told to everybody.",
    socket: () => ({
      down: (frame) => {
        if (!isEvent(frame, "agent", { stream: "assistant" })) return frame;
        const data = { phase: "start", name: "search", toolCallId: randomUUID() };
        return [{ ...frame, payload: { ...toPayload(frame), stream: "tool", data } }, frame];
      },
    }),
    killedBy: ["WS-54"],
  },
  {
    id: "ws-middle-unknown",
    what: "The history does not have the run under way.",
    socket: editAnswer("chat.history", (payload) => without(payload, "inFlightRun")),
    killedBy: ["WS-55"],
  },
  {
    id: "ws-middle-without-beginning",
    what: "Of the run under way the history has the last words only.",
    socket: editAnswer("chat.history", (payload) => {
      const run = payload["inFlightRun"] as Frame | undefined;
      return run === undefined ? payload : { ...payload, inFlightRun: { ...run, text: String(run["text"]).slice(-5) } };
    }),
    killedBy: ["WS-55"],
  },
  {
    id: "ws-changes-untold",
    what: "Nobody is told that a session is at work no more.",
    socket: () => editEvent("sessions.changed", (payload) => (payload["hasActiveRun"] === false ? undefined : payload)),
    killedBy: ["WS-56"],
  },
  {
    id: "ws-subscribed-for-ever",
    what: "A subscription does not end.",
    socket: answered("sessions.messages.unsubscribe", { subscribed: false }),
    killedBy: ["WS-57"],
  },
]);

function dropAnswer(isDropped: (payload: Frame) => boolean): Hooks {
  return ({ methodOf }) => ({
    down: (frame) => (methodOf(frame["id"]) === "agent" && isDropped(toPayload(frame)) ? undefined : frame),
  });
}

function abortOnLeave({ toGolden }: ProxiedSocket): SocketHooks {
  const sent: Frame[] = [];
  return {
    up: (frame) => {
      if (isAsked(frame, "chat.send")) sent.push(frame["params"] as Frame);
      return frame;
    },
    left: () => {
      for (const { sessionKey, idempotencyKey } of sent)
        toGolden({
          type: "req",
          id: randomUUID(),
          method: "chat.abort",
          params: { sessionKey, runId: idempotencyKey },
        });
    },
  };
}

function dropForeign(): SocketHooks {
  const own = new Set<unknown>();
  return {
    up: (frame) => {
      own.add((frame["params"] as Frame | undefined)?.["idempotencyKey"]);
      return frame;
    },
    down: (frame) => {
      const isOfRun = frame["event"] === "chat" || frame["event"] === "agent";
      return isOfRun && !own.has(toPayload(frame)["runId"]) ? undefined : frame;
    },
  };
}

function skipForEveryOther(): Hooks {
  let connections = 0;
  return () => {
    const isSkipping = connections++ % 2 === 0;
    let events = 0;
    return {
      down: (frame) =>
        isSkipping && isEvent(frame, "agent", { stream: "assistant" }) && events++ % 2 === 0 ? undefined : frame,
    };
  };
}
