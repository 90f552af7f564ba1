import type { CaseContext } from "../context.ts";
import { expectEqual, expectThat, isObject, Skip } from "../expect.ts";
import type { GatewaySocket } from "../lens/gateway-socket.ts";
import { without } from "../self-test/edit.ts";
import { answered, editAnswer, editEvent, type Hooks, isEvent, toPayload } from "../self-test/socket-edit.ts";
import type { Frame, SocketHooks } from "../self-test/socket-proxy.ts";
import { randomUUID } from "../unique.ts";
import { toHeaders } from "./sessions-talk.ts";
import { defineSocketCases, enter, say, slowPrompt, toKey, toPrompt, toText, waitForEnd } from "./websocket-talk.ts";

const twoWindows = "Two windows on one session";

export const socketObserverCases = defineSocketCases([
  {
    id: "WS-51",
    level: "MUST",
    requirement: "Who has subscribed to a session is told of the runs that others begin there.",
    source: `${twoWindows}; dashboards that only look on: openclaw-studio, the mission controls, crabwalk.`,
    limitMs: 30_000,
    faults: [
      {
        id: "ws-own-runs-only",
        what: "A connection is told of the runs that it has begun, and of no others.",
        socket: dropForeign,
      },
    ],
    async run(context) {
      const sessionKey = toKey("look");
      const [talker, observer] = [await enter(context), await observe(context, sessionKey)];
      const runId = await say(talker.socket, sessionKey, toPrompt(context));
      const seen = await waitForEnd(observer, runId);
      const end = await waitForEnd(talker.socket, runId);
      expectEqual(toText(seen["message"]), toText(end["message"]), "the answer as the observer sees it");
    },
  },
  {
    id: "WS-52",
    level: "MUST",
    requirement: "The user's turn is told as well, as `session.message`, before the run is over.",
    source: `${twoWindows} disagree otherwise: an answer without its question; openclaw#14329, #43592.`,
    limitMs: 30_000,
    faults: [
      {
        id: "ws-turn-untold",
        what: "What the user says is told to nobody else.",
        socket: () =>
          editEvent("session.message", (payload) =>
            (payload["message"] as Frame)["role"] === "user" ? undefined : payload,
          ),
      },
    ],
    async run(context) {
      const sessionKey = toKey("turn");
      const [talker, observer] = [await enter(context), await observe(context, sessionKey)];
      const message = toPrompt(context);
      const runId = await say(talker.socket, sessionKey, message);
      await waitForEnd(observer, runId);
      const turns = observer.events("session.message").map((event) => event["message"]);
      const asked = turns.filter((turn) => isObject(turn) && turn["role"] === "user").map(toText);
      expectThat(asked.includes(message), "a `session.message` with the user's turn", turns);
    },
  },
  {
    id: "WS-53",
    level: "MUST",
    requirement: "Two who look on see the same events of a run, in the same order.",
    source: `${twoWindows} must show the same; the Control UI keeps events by their \`seq\`.`,
    limitMs: 30_000,
    finds: ["ws-own-runs-only"],
    faults: [
      {
        id: "ws-observers-differ",
        what: "Every other connection is told every other piece of a run.",
        socket: skipForEveryOther(),
      },
    ],
    async run(context) {
      const sessionKey = toKey("both");
      const { socket } = await enter(context);
      const observers = [await observe(context, sessionKey), await observe(context, sessionKey)];
      const runId = await say(socket, sessionKey, toPrompt(context));
      const [one = [], other = []] = await Promise.all(
        observers.map(async (observer) => {
          await waitForEnd(observer, runId);
          return toStory(observer, runId);
        }),
      );
      expectThat(one.length > 2, "events of the run", one);
      expectEqual(other, one, "what the second observer sees");
    },
  },
  {
    id: "WS-54",
    level: "MUST",
    requirement: "Tools at work are told to connections with the capability `tool-events` only.",
    source: "Small clients (Home Assistant, watches) take every `agent` event for text; openclaw#25846.",
    limitMs: 30_000,
    faults: [
      {
        id: "ws-tools-for-all",
        what: "Tools at work are told to everybody.",
        socket: () => ({
          down: (frame) => {
            if (!isEvent(frame, "agent", { stream: "assistant" })) return frame;
            const data = { phase: "start", name: "search", toolCallId: crypto.randomUUID() };
            return [{ ...frame, payload: { ...toPayload(frame), stream: "tool", data } }, frame];
          },
        }),
      },
    ],
    async run(context) {
      const { socket } = await enter(context);
      const runId = await say(socket, toKey("tools"), toPrompt(context));
      const tools = socket.events("agent").filter((event) => event["runId"] === runId && event["stream"] === "tool");
      expectEqual(tools, [], "`tool` events on a connection that has not asked for them");
    },
  },
  {
    id: "WS-55",
    level: "SHOULD",
    requirement:
      "Who comes in the middle of a run gets what it has said so far from `chat.history`, and the rest as events.",
    source: "A page that is loaded anew: openclaw#38091, #81284; the Control UI reads `inFlightRun`.",
    needs: ["fixture"],
    limitMs: 30_000,
    finds: ["ws-own-runs-only"],
    faults: [
      {
        id: "ws-middle-unknown",
        what: "The history does not have the run under way.",
        socket: editAnswer("chat.history", (payload) => without(payload, "inFlightRun")),
      },
      {
        id: "ws-middle-without-beginning",
        what: "Of the run under way the history has the last words only.",
        socket: editAnswer("chat.history", (payload) => {
          const run = payload["inFlightRun"] as Frame | undefined;
          return run === undefined
            ? payload
            : { ...payload, inFlightRun: { ...run, text: String(run["text"]).slice(-5) } };
        }),
      },
    ],
    async run(context) {
      const { socket } = await enter(context);
      const [sessionKey, runId] = [toKey("middle"), randomUUID()];
      await socket.request("chat.send", { sessionKey, message: slowPrompt, idempotencyKey: runId });
      await socket.until(() => toDeltas(socket, runId)[2], "three deltas of the run");
      const late = await observe(context, sessionKey);
      const { inFlightRun } = await late.request("chat.history", { sessionKey });
      await late.until(() => toDeltas(late, runId)[0], "a delta for the one who came late");
      await socket.request("chat.abort", { sessionKey, runId });
      expectThat(isObject(inFlightRun) && inFlightRun["runId"] === runId, "`inFlightRun` with the run", inFlightRun);
      expectThat(
        toText(inFlightRun["text"]).startsWith("word0 word1"),
        "`inFlightRun.text` from the start",
        inFlightRun,
      );
    },
  },
  {
    id: "WS-56",
    level: "SHOULD",
    requirement: "`sessions.subscribe` brings a `sessions.changed` when a run begins and one when it is over.",
    source: "Lists of sessions show who is at work; without it dashboards poll, and the Control UI stays at work.",
    limitMs: 30_000,
    faults: [
      {
        id: "ws-changes-untold",
        what: "Nobody is told that a session is at work no more.",
        socket: () =>
          editEvent("sessions.changed", (payload) => (payload["hasActiveRun"] === false ? undefined : payload)),
      },
    ],
    async run(context) {
      const { socket, hello } = await enter(context);
      mustHave(hello, "sessions.subscribe");
      await socket.request("sessions.subscribe", {});
      const sessionKey = toKey("changed");
      const runId = await say(socket, sessionKey, toPrompt(context));
      const seen = await socket.until(() => {
        const changes = socket
          .events("sessions.changed")
          .filter((event) => toWords(event["sessionKey"]).endsWith(sessionKey));
        const isIdle = changes.some(({ hasActiveRun }) => hasActiveRun === false);
        return changes.length > 1 && isIdle ? changes : undefined;
      }, "`sessions.changed` that says that the session has no active run");
      const isActive = seen.some(({ activeRunIds }) => Array.isArray(activeRunIds) && activeRunIds.includes(runId));
      expectThat(isActive, "one before it that names the run in `activeRunIds`", seen);
    },
  },
  {
    id: "WS-57",
    level: "SHOULD",
    requirement: "`sessions.messages.unsubscribe` ends what `sessions.messages.subscribe` began.",
    source: "A window that shows another session; what is told of the old one is traffic for nothing.",
    limitMs: 30_000,
    faults: [
      {
        id: "ws-subscribed-for-ever",
        what: "A subscription does not end.",
        socket: answered("sessions.messages.unsubscribe", { subscribed: false }),
      },
    ],
    async run(context) {
      const sessionKey = toKey("leave");
      const [{ socket }, observer] = [await enter(context), await observe(context, sessionKey)];
      await observer.request("sessions.messages.unsubscribe", { key: sessionKey });
      const runId = await say(socket, sessionKey, toPrompt(context));
      await observer.request("health", {});
      expectEqual(toMessages(observer, runId), [], "`session.message` events after `sessions.messages.unsubscribe`");
    },
  },
  {
    id: "WS-58",
    level: "EXT",
    requirement: "A run that came over HTTP is told to those who have subscribed to its session.",
    source: "Gateway profile: a run is a run whichever door it came through.",
    needs: ["memory"],
    finds: ["ws-own-runs-only"],
    async run(context) {
      const key = toKey("http");
      const observer = await observe(context, key);
      await context.chat(context.say(toPrompt(context)), { headers: toHeaders({ key }) });
      const end = await observer.until(
        () => observer.events("chat").find(({ state }) => state === "final"),
        "a final `chat` event of a run that came over HTTP",
      );
      expectThat(toWords(end["sessionKey"]).endsWith(key), "the event to name its session", end);
    },
  },
]);

/** A connection that is told of the session; skips where the gateway has no subscriptions. */
async function observe(context: CaseContext, key: string): Promise<GatewaySocket> {
  const { socket, hello } = await enter(context);
  mustHave(hello, "sessions.messages.subscribe");
  await socket.request("sessions.messages.subscribe", { key });
  return socket;
}

function mustHave({ features }: Record<string, unknown>, method: string): void {
  const methods = isObject(features) ? features["methods"] : undefined;
  if (!Array.isArray(methods) || !methods.includes(method)) throw new Skip(`the gateway does not name \`${method}\``);
}

/** The events of a run as anybody may compare them, in their order. */
function toStory(socket: GatewaySocket, runId: string): string[] {
  return socket.frames.flatMap(({ event, payload }) => {
    if ((event !== "chat" && event !== "agent") || !isObject(payload) || payload["runId"] !== runId) return [];
    return [JSON.stringify({ event, ...payload })];
  });
}

function toDeltas(socket: GatewaySocket, runId: string): Record<string, unknown>[] {
  return socket.events("chat").filter((event) => event["runId"] === runId && event["state"] === "delta");
}

function toMessages(socket: GatewaySocket, runId: string): Record<string, unknown>[] {
  return socket.events("session.message").filter((event) => event["runId"] === runId);
}

function toWords(value: unknown): string {
  return typeof value === "string" ? value : "";
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
