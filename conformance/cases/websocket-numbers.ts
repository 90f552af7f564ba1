import { expectEqual, expectThat } from "../expect.ts";
import type { SeenFrame } from "../lens/gateway-socket.ts";
import { without } from "../self-test/edit.ts";
import { isEvent, toPayload } from "../self-test/socket-edit.ts";
import type { Frame } from "../self-test/socket-proxy.ts";
import { ofRun, talk } from "./websocket-chat.ts";
import { defineSocketCases } from "./websocket-talk.ts";

const library = "@openclaw/gateway-client 2026.9.1";

/** By what clients see that an event is missing. */
export const socketNumberCases = defineSocketCases([
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

function isTold({ type }: SeenFrame): boolean {
  return type === "event";
}

function editNumbers(frame: Frame): Frame {
  const payload = toPayload(frame);
  return typeof payload["seq"] === "number" ? { ...frame, payload: { ...payload, seq: 1 } } : frame;
}
