import type { CaseContext } from "../context.ts";
import { expectEqual, expectOneOf, expectThat } from "../expect.ts";
import type { GatewaySocket } from "../lens/gateway-socket.ts";
import { expectPublished } from "../lens/published.ts";
import { editAnswer, editEvent, type Hooks, isEvent, replaced } from "../self-test/socket-edit.ts";
import type { Frame } from "../self-test/socket-proxy.ts";
import { randomUUID } from "../unique.ts";
import {
  defineSocketCases,
  enter,
  needAnswer,
  readHistory,
  sayWell,
  toKey,
  toPrompt,
  toText,
  waitForEnd,
} from "./websocket-talk.ts";

const library = "@openclaw/gateway-client 2026.9.1";

interface Chat {
  readonly socket: GatewaySocket;
  readonly sessionKey: string;
  readonly runId: string;
  readonly message: string;
  /** What `chat.send` was answered with. */
  readonly sent: Record<string, unknown>;
  readonly end: Record<string, unknown>;
}

/** One run from its beginning to its end and beyond, which several cases look at. */
export function talk(context: CaseContext): Promise<Chat> {
  return context.once("websocket chat", async () => {
    const { socket } = await enter(context);
    const [sessionKey, runId, message] = [toKey("chat"), randomUUID(), toPrompt(context)];
    const sent = await socket.request("chat.send", { sessionKey, message, idempotencyKey: runId });
    const end = await waitForEnd(socket, runId);
    // Whatever would come behind the end has time to.
    await socket.request("chat.history", { sessionKey });
    return { socket, sessionKey, runId, message, sent, end };
  });
}

/** The events of a run, in their order. */
export function ofRun({ socket, runId }: Chat, name: string): Record<string, unknown>[] {
  return socket.events(name).filter((payload) => payload["runId"] === runId);
}

export const socketChatCases = defineSocketCases([
  {
    id: "WS-32",
    level: "MUST",
    requirement: "The id of a run is its `idempotencyKey`, in the answer of `chat.send` and in all its events.",
    source: "openclaw-node 0.14.0 waits for the events of the id that it has sent, and for ever if they have another.",
    limitMs: 30_000,
    faults: [
      {
        id: "ws-run-id-own",
        what: "Runs have ids of the gateway's own.",
        socket: renameRuns(),
      },
    ],
    async run(context) {
      const chat = await talk(context);
      expectEqual(chat.sent["runId"], chat.runId, "`runId` of the answer to `chat.send`");
      expectOneOf(chat.sent["status"], ["started", "in_flight", "accepted", "ok"], "`status` of that answer");
      for (const name of ["chat", "agent"])
        expectThat(ofRun(chat, name).length > 0, `\`${name}\` events of the run`, chat.socket.events(name));
    },
  },
  {
    id: "WS-33",
    level: "MUST",
    requirement: "The same request with the same key is the same run: it is answered, and nothing is said twice.",
    source: `${library} sends what was not answered again when it is back; users saw every message twice.`,
    limitMs: 30_000,
    faults: [
      {
        id: "ws-repeat-runs-again",
        what: "A key that comes again begins a run.",
        socket: runAgain(),
      },
      {
        id: "ws-history-of-answers",
        what: "The history leaves out what the user said.",
        socket: editAnswer("chat.history", (payload) =>
          editMessages(payload, (list) => list.filter(({ role }) => role !== "user")),
        ),
      },
    ],
    async run(context) {
      const { socket } = await enter(context);
      const [sessionKey, message] = [toKey("repeat"), toPrompt(context)];
      const runId = await sayWell(socket, sessionKey, message);
      const again = await socket.request("chat.send", { sessionKey, message, idempotencyKey: runId });
      expectEqual(again["runId"], runId, "`runId` of the repeated `chat.send`");
      // One turn after the other: once this one is over, so is whatever came of the repeated request.
      await sayWell(socket, sessionKey, message);
      const asked = (await readHistory(socket, sessionKey)).filter(({ role }) => role === "user");
      expectEqual(asked.length, 2, "the number of user messages after two questions, one of which came twice");
    },
  },
  {
    id: "WS-34",
    level: "MUST",
    requirement: "A run's `chat` events are of the published schema, and the last of them, and no other, ends it.",
    source:
      "openclaw tui and the Control UI stay at work until it comes; PinchChat ends the next run with a second one.",
    limitMs: 30_000,
    faults: [
      {
        id: "ws-chat-key-more",
        what: "`chat` events have a key that the published schema has not.",
        socket: () => editEvent("chat", (payload) => ({ ...payload, sessionId: "1" })),
      },
      {
        id: "ws-chat-end-twice",
        what: "The end of a run is told twice.",
        socket: () => ({ down: (frame) => (isEvent(frame, "chat", { state: "final" }) ? [frame, frame] : frame) }),
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
      },
    ],
    async run(context) {
      const chat = await talk(context);
      const events = ofRun(chat, "chat");
      for (const event of events) expectPublished(event, "ChatEvent", "a `chat` event");
      const ends = events.filter(({ state }) => state !== "delta" && state !== "status");
      expectEqual(ends.length, 1, "the number of `chat` events that end the run");
      expectEqual(events.at(-1), ends[0], "the last `chat` event");
      needAnswer(chat.end);
      expectEqual(chat.end["state"], "final", "`state` of the end");
    },
  },
  {
    id: "WS-35",
    level: "MUST",
    requirement: "What the `chat` deltas add, one behind the other, is the text of the final message.",
    source:
      "Clients exist for `deltaText` and for `message`; delta-only events were ignored, cumulative ones doubled: openclaw#82988.",
    limitMs: 30_000,
    faults: [
      {
        id: "ws-chat-delta-lost",
        what: "The first delta is lost.",
        socket: loseFirst("chat", { state: "delta" }),
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
      },
    ],
    async run(context) {
      const chat = await talk(context);
      needAnswer(chat.end);
      const deltas = ofRun(chat, "chat").filter(({ state }) => state === "delta");
      expectThat(deltas.length > 0, "`chat` deltas before the end", chat.end);
      // One that says `replace` begins the text anew.
      const said = deltas.reduce(
        (text, { deltaText, replace }) => (replace === true ? "" : text) + String(deltaText),
        "",
      );
      expectEqual(said, toText(chat.end["message"]), "the deltas together");
    },
  },
]);

function renameRuns(): Hooks {
  const keys = new Set<string>();
  return () => ({
    up: (frame) => {
      const key = toRunKey(frame);
      if (key !== undefined) keys.add(key);
      return frame;
    },
    down: (frame) => [...keys].reduce((renamed, key) => replaced(renamed, key, `run-${key.slice(0, 8)}`), frame),
  });
}

function toRunKey(frame: Frame): string | undefined {
  const key: unknown = (frame["params"] as Frame | undefined)?.["idempotencyKey"];
  return typeof key === "string" ? key : undefined;
}

/** Gives each repeat a key of its own, and takes it out of what comes back. */
function runAgain(): Hooks {
  const seen = new Map<string, number>();
  return () => ({
    up: (frame) => {
      const key = toRunKey(frame);
      if (key === undefined) return frame;
      const times = seen.get(key) ?? 0;
      seen.set(key, times + 1);
      return times === 0 ? frame : replaced(frame, key, `${key}-again`);
    },
    down: (frame) => [...seen.keys()].reduce((renamed, key) => replaced(renamed, `${key}-again`, key), frame),
  });
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

export function editMessages(payload: Frame, edit: (messages: readonly Frame[]) => readonly Frame[]): Frame {
  const { messages } = payload;
  return Array.isArray(messages) ? { ...payload, messages: edit(messages as Frame[]) } : payload;
}
