import { expectEqual, expectObject, expectThat, isObject } from "../expect.ts";
import { expectPublished } from "../lens/published.ts";
import { without } from "../self-test/edit.ts";
import { editEvent, type Hooks, isEvent } from "../self-test/socket-edit.ts";
import type { Frame, SocketHooks } from "../self-test/socket-proxy.ts";
import { ofRun, talk } from "./websocket-chat.ts";
import { defineSocketCases, needAnswer, toText } from "./websocket-talk.ts";

/** What the events of the agent tell of a run. */
export const socketAgentCases = defineSocketCases([
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
]);

function toPhase(data: unknown): unknown {
  return isObject(data) ? data["phase"] : undefined;
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
