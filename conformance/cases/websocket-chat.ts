import type { CaseContext } from "../context.ts";
import { expectEqual, expectObject, expectOneOf, expectThat, isObject } from "../expect.ts";
import type { GatewaySocket, SeenFrame } from "../lens/gateway-socket.ts";
import { expectPublished } from "../lens/published.ts";
import { without } from "../self-test/edit.ts";
import { editAnswer, editEvent, type Hooks, isEvent, replaced, toPayload } from "../self-test/socket-edit.ts";
import type { Frame, SocketHooks } from "../self-test/socket-proxy.ts";
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
function ofRun({ socket, runId }: Chat, name: string): Record<string, unknown>[] {
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
  {
    id: "WS-36",
    level: "MUST",
    requirement: "A run's `agent` events are of the published schema: `lifecycle` `start` first, `end` last.",
    source: `openclaw-node 0.14.0 and the Control UI hold a run for active in between; \`sessionKey\` is no key of it.`,
    limitMs: 30_000,
    faults: [
      {
        id: "ws-agent-key-more",
        what: "`agent` events name their session, which the published schema does not let them.",
        socket: () => editEvent("agent", (payload) => ({ ...payload, sessionKey: "agent:main:main" })),
      },
      {
        id: "ws-agent-without-end",
        what: "The end of a run's life is not told.",
        socket: () =>
          editEvent("agent", (payload) => ((payload["data"] as Frame)["phase"] === "end" ? undefined : payload)),
      },
      {
        id: "ws-agent-start-late",
        what: "The start of a run's life is told behind its first words.",
        socket: swapFirst(),
      },
    ],
    async run(context) {
      const chat = await talk(context);
      const events = ofRun(chat, "agent");
      for (const event of events) expectPublished(event, "AgentEvent", "an `agent` event");
      needAnswer(chat.end);
      const phases = events.filter(({ stream }) => stream === "lifecycle").map(({ data }) => toPhase(data));
      expectEqual(phases, ["start", "end"], "the phases of the run");
      expectEqual(toPhase(events[0]?.["data"]), "start", "the phase of the first event");
    },
  },
  {
    id: "WS-37",
    level: "MUST",
    requirement: "`assistant` events have all that was said so far as `text`, and what is new of it as `delta`.",
    source: "There are clients for either: openclaw-node takes `delta`, dashboards show `text`; openclaw#82988.",
    limitMs: 30_000,
    faults: [
      {
        id: "ws-assistant-delta-only",
        what: "`assistant` events have what is new and nothing else.",
        socket: () => editAssistant((data) => without(data, "text")),
      },
      {
        id: "ws-assistant-text-only",
        what: "`assistant` events do not say what is new.",
        socket: () => editAssistant((data) => without(data, "delta")),
      },
      {
        id: "ws-assistant-text-piecewise",
        what: "`text` of `assistant` events is what is new.",
        socket: () => editAssistant((data) => ({ ...data, text: data["delta"] })),
      },
    ],
    async run(context) {
      const chat = await talk(context);
      needAnswer(chat.end);
      const events = ofRun(chat, "agent").filter(({ stream }) => stream === "assistant");
      expectThat(events.length > 0, "`assistant` events", ofRun(chat, "agent"));
      let said = "";
      for (const { data } of events) {
        expectObject(data, "`data` of an `assistant` event");
        said += String(data["delta"]);
        expectEqual(data["text"], said, "`text` of an `assistant` event, after the deltas so far");
      }
      expectEqual(said, toText(chat.end["message"]), "what the `assistant` events have said");
    },
  },
  {
    id: "WS-38",
    level: "MUST",
    requirement: "The numbers of a connection's events have no hole and come once, whatever was left out.",
    source: `${library} calls \`onGap\` at a hole, after which clients load everything anew.`,
    limitMs: 30_000,
    faults: [
      {
        id: "ws-numbers-with-holes",
        what: "Events are numbered before it is decided who is told of them.",
        socket: () => ({
          ownNumbers: true,
          down: (frame) => (isEvent(frame, "agent", { stream: "assistant" }) ? [] : frame),
        }),
      },
      {
        id: "ws-numbers-of-runs",
        what: "The connection's events have the number that they have in their run.",
        socket: () => ({
          ownNumbers: true,
          down: (frame) =>
            frame["seq"] === undefined ? frame : { ...frame, seq: toPayload(frame)["seq"] ?? frame["seq"] },
        }),
      },
      {
        id: "ws-numbers-none",
        what: "Events have no numbers.",
        socket: () => ({ down: (frame) => without(frame, "seq") }),
      },
    ],
    async run(context) {
      const { socket } = await talk(context);
      const numbers = socket.frames.flatMap(({ seq }) => (typeof seq === "number" ? [seq] : []));
      expectThat(numbers.length > 2, "events with a `seq`", socket.frames.filter(isTold).slice(0, 3));
      const [first = 0] = numbers;
      expectEqual(
        numbers,
        numbers.map((_, index) => first + index),
        "the `seq` of the events as they came",
      );
    },
  },
  {
    id: "WS-39",
    level: "SHOULD",
    requirement: "Within a run the `seq` of its events grows, apart from that of the connection.",
    source: "The Control UI and openclaw tui drop an event whose `seq` is not behind the last one of the run.",
    limitMs: 30_000,
    faults: [
      {
        id: "ws-run-numbers-stand",
        what: "The number within a run is always 1.",
        socket: () => ({ down: (frame) => editNumbers(frame) }),
      },
    ],
    async run(context) {
      const chat = await talk(context);
      for (const name of ["chat", "agent"]) {
        const numbers = ofRun(chat, name).map(({ seq }) => Number(seq));
        const isGrowing = numbers.every((seq, index) => index === 0 || seq > (numbers[index - 1] ?? 0));
        expectThat(isGrowing, `the \`seq\` in \`${name}\` events to grow`, numbers);
      }
    },
  },
]);

function toPhase(data: unknown): unknown {
  return isObject(data) ? data["phase"] : undefined;
}

function isTold({ type }: SeenFrame): boolean {
  return type === "event";
}

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

export function editMessages(payload: Frame, edit: (messages: readonly Frame[]) => readonly Frame[]): Frame {
  const { messages } = payload;
  return Array.isArray(messages) ? { ...payload, messages: edit(messages as Frame[]) } : payload;
}
