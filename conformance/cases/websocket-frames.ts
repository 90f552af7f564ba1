import { expectEqual, expectThat, isObject } from "../expect.ts";
import { expectPublished } from "../lens/published.ts";
import { editAnswer, type Hooks, isAsked } from "../self-test/socket-edit.ts";
import type { Frame, ProxiedSocket, SocketHooks } from "../self-test/socket-proxy.ts";
import { library } from "./websocket-requests.ts";
import { defineSocketCases, enter } from "./websocket-talk.ts";

/** A tick may come as late as it says, and then has its way. */
const tickSlackMs = 1500;

export const socketFrameCases = defineSocketCases([
  {
    id: "WS-28",
    level: "MUST",
    requirement: "Who has signed in may send frames of more than 64 KiB.",
    source: `${library} sends images and long messages as one frame, up to \`policy.maxPayload\`.`,
    faults: [
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
      },
    ],
    async run(context) {
      const { socket } = await enter(context);
      await socket.request("health", { padding: "x".repeat(256 * 1024) });
    },
  },
  {
    id: "WS-29",
    level: "SHOULD",
    requirement:
      "A frame longer than `policy.maxPayload` is not read: the connection is closed with 1009, and no other.",
    source: "RFC 6455, section 7.4.1; one client must not fill the memory of all.",
    alone: true,
    faults: [
      {
        id: "ws-frames-of-any-length",
        what: "`policy.maxPayload` holds nobody back.",
        socket: () => ({
          up: (frame) => (isAsked(frame, "health") ? { ...frame, params: {} } : frame),
        }),
      },
    ],
    async run(context) {
      const { socket, hello } = await enter(context);
      const other = await enter(context);
      const { policy } = hello;
      const maxPayload = isObject(policy) ? Number(policy["maxPayload"]) : Number.NaN;
      expectThat(maxPayload > 0, "`policy.maxPayload` to be a number", policy);
      if (maxPayload > 64 * 1024 * 1024) return context.note(`${maxPayload} bytes are more than the suite sends`);
      socket.ask("health", { padding: "x".repeat(maxPayload) });
      expectEqual(
        (await socket.closed("a frame that is too long to end its connection", 20_000)).code,
        1009,
        "the code",
      );
      await other.socket.request("health", {});
    },
  },
  {
    id: "WS-30",
    level: "MUST",
    requirement: "What is no frame is refused or ends its own connection, and no other.",
    source: "One broken client, or a scanner, must not take everybody's connection along.",
    faults: [
      {
        id: "ws-noise-ends-all",
        what: "What is no frame ends every connection.",
        socket: closeAllOnNoise(),
      },
    ],
    async run(context) {
      const other = await enter(context);
      for (const noise of ["{", "[]", "null", '{"type":"req"}', '{"type":"req","id":7,"method":"health"}', "\u0000"]) {
        const { socket } = await enter(context);
        const before = socket.frames.length;
        socket.send(noise);
        const id = socket.ask("health", {});
        await socket.until(
          () => socket.answers(id)[0] ?? socket.closing,
          `something to come of ${JSON.stringify(noise)}`,
        );
        const said = socket.frames.slice(before).find((frame) => frame.type === "res" && frame.id !== id);
        expectThat(said?.ok !== true, `${JSON.stringify(noise)} to be refused`, said);
      }
      await other.socket.request("health", {});
    },
  },
  {
    id: "WS-31",
    level: "MUST",
    requirement: "A `tick` comes within `policy.tickIntervalMs`, and again, whatever else does.",
    source: `${library} closes with 4000 after two intervals without a frame, in the middle of a long tool call too.`,
    limitMs: 35_000,
    faults: [
      {
        id: "ws-ticks-none",
        what: "There are no ticks.",
        socket: () => ({ down: (frame) => (frame["event"] === "tick" ? undefined : frame) }),
      },
      {
        id: "ws-ticks-late",
        what: "Ticks come later than it is said.",
        socket: tickLate(),
      },
    ],
    async run(context) {
      const { socket, hello } = await enter(context);
      const { policy } = hello;
      const everyMs = isObject(policy) ? Number(policy["tickIntervalMs"]) : Number.NaN;
      expectThat(Number.isInteger(everyMs) && everyMs > 0, "`policy.tickIntervalMs` to be a number", policy);
      if (everyMs > 20_000) return context.note(`a tick every ${everyMs} ms is not waited for`);
      const tick = await socket.until(() => socket.events("tick")[0], "a `tick`", everyMs + tickSlackMs);
      expectPublished(tick, "TickEvent", "the payload of `tick`");
    },
  },
]);

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
