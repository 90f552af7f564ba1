import { expectArray, expectEqual, expectObject, expectThat, isObject } from "../expect.ts";
import { expectPublished } from "../lens/published.ts";
import { without } from "../self-test/edit.ts";
import { answered, editAnswer, isAsked, toRefused } from "../self-test/socket-edit.ts";
import type { Frame, ProxiedSocket, SocketHooks } from "../self-test/socket-proxy.ts";
import { randomUUID } from "../unique.ts";
import { defineSocketCases, enter, sayWell, slowPrompt, toKey, toPrompt, toRefusal } from "./websocket-talk.ts";

export const library = "@openclaw/gateway-client 2026.9.1";
/** What client libraries and the command line call. */
const first = "health status agents.list models.list sessions.list chat.send chat.history chat.abort agent agent.wait";
/** Those that read, and need no more than their name. */
const readers = ["health", "status", "agents.list", "models.list", "sessions.list", "commands.list"];

export const socketRequestCases = defineSocketCases([
  {
    id: "WS-20",
    level: "MUST",
    requirement:
      "An unknown method is refused with INVALID_REQUEST and the words `unknown method`; the connection stays.",
    source: `${library} makes a typed error of it; the Control UI asks about 25 methods, and shows what is left.`,
    faults: [
      {
        id: "ws-unknown-silent",
        what: "An unknown method is not answered.",
        socket: () => ({ up: (frame) => (frame["method"] === "conformance.nothing" ? undefined : frame) }),
      },
      {
        id: "ws-unknown-fine",
        what: "An unknown method is answered as if it had done something.",
        socket: answered("conformance.nothing", {}),
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
      },
    ],
    async run(context) {
      const { socket } = await enter(context);
      const { code, message } = toRefusal(await socket.answer("conformance.nothing", {}), "an unknown method");
      expectEqual(code, "INVALID_REQUEST", "`code`");
      expectThat(String(message).includes("unknown method"), "a message with `unknown method`", message);
      await socket.request("health", {});
    },
  },
  {
    id: "WS-21",
    level: "MUST",
    requirement: "A request without `params` is one with `{}`.",
    source: "`openclaw health` sends none.",
    faults: [
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
      },
    ],
    async run(context) {
      const { socket } = await enter(context);
      for (const method of ["health", "status", "agents.list"]) await socket.request(method);
    },
  },
  {
    id: "WS-22",
    level: "MUST",
    requirement:
      "`agents.list`, `models.list` and, where it is there, `commands.list` are what the published schema says.",
    source: `${library} hands them on as typed; openclaw tui reads all three when it starts.`,
    faults: [
      {
        id: "ws-agents-key-more",
        what: "`agents.list` has a key that the published schema has not.",
        socket: editAnswer("agents.list", (payload) => ({ ...payload, total: 2 })),
      },
      {
        id: "ws-models-bare",
        what: "`models.list` is a list of names.",
        socket: editAnswer("models.list", () => ({ models: ["openclaw"] })),
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
      },
    ],
    async run(context) {
      const { socket, hello } = await enter(context);
      expectPublished(await socket.request("agents.list", {}), "AgentsListResult", "the answer to `agents.list`");
      expectPublished(await socket.request("models.list", {}), "ModelsListResult", "the answer to `models.list`");
      if (toMethods(hello).includes("commands.list"))
        expectPublished(
          await socket.request("commands.list", {}),
          "CommandsListResult",
          "the answer to `commands.list`",
        );
    },
  },
  {
    id: "WS-23",
    level: "SHOULD",
    requirement: "The default agent is in the list, and each agent names its model under `model.primary`.",
    source: 'The Control UI says "no provider" to an agent without one, and does not let its user send.',
    faults: [
      {
        id: "ws-agents-without-model",
        what: "Agents do not say their model.",
        socket: editAnswer("agents.list", (payload) => ({
          ...payload,
          agents: (payload["agents"] as Frame[]).map((agent) => without(agent, "model")),
        })),
      },
      {
        id: "ws-default-agent-elsewhere",
        what: "The default agent is not in the list.",
        socket: editAnswer("agents.list", (payload) => ({ ...payload, defaultId: "nobody" })),
      },
    ],
    async run(context) {
      const { socket } = await enter(context);
      const { agents, defaultId } = await socket.request("agents.list", {});
      expectArray(agents, "`agents`");
      const ids = agents.map((agent) => (isObject(agent) ? agent["id"] : undefined));
      expectThat(ids.includes(defaultId), `the default agent ${String(defaultId)} to be in the list`, ids);
      for (const agent of agents) {
        expectObject(agent, "an agent");
        const { model } = agent;
        expectThat(isObject(model) && typeof model["primary"] === "string", "`model.primary` of an agent", agent);
      }
    },
  },
  {
    id: "WS-24",
    level: "MUST",
    requirement:
      "`features.methods` names what is answered: no method of client libraries is missing, none is unknown.",
    source: "Clients that ask first (openclaw-studio, ClawX) do not call what is not named, and wait for what is.",
    finds: ["ws-features-idle"],
    faults: [
      {
        id: "ws-features-short",
        what: "`features.methods` leaves out what is answered.",
        socket: editAnswer("connect", (payload) => editMethods(payload, (name) => name !== "chat.send")),
      },
    ],
    async run(context) {
      const { socket, hello } = await enter(context);
      const methods = toMethods(hello);
      const missing = first.split(" ").filter((method) => !methods.includes(method));
      expectEqual(missing, [], "what `features.methods` lacks");
      for (const method of readers.filter((one) => methods.includes(one))) await socket.request(method, {});
    },
  },
  {
    id: "WS-25",
    level: "MUST",
    requirement: "Requests are answered as they are done, by their id: one that waits holds up no other.",
    source: `${library} and openclaw-node keep \`agent.wait\` open for minutes on the one connection that they have.`,
    needs: ["fixture"],
    faults: [
      {
        id: "ws-one-after-the-other",
        what: "A request waits until the one before is answered.",
        socket: waitForEach,
      },
    ],
    async run(context) {
      const { socket } = await enter(context);
      const [sessionKey, runId] = [toKey("order"), randomUUID()];
      await socket.request("chat.send", { sessionKey, message: slowPrompt, idempotencyKey: runId });
      const wait = socket.ask("agent.wait", { runId, timeoutMs: 60_000 });
      await socket.request("health", {});
      expectEqual(socket.answers(wait).length, 0, "answers to `agent.wait` while the run goes on");
      await socket.request("chat.abort", { sessionKey, runId });
      await socket.until(() => socket.answers(wait)[0], "an answer to `agent.wait` once the run was aborted");
    },
  },
  {
    id: "WS-26",
    level: "MUST",
    requirement:
      "Params that lack what a method needs are refused with INVALID_REQUEST, begin nothing, and the connection stays.",
    source: `${library} rejects the one call; without an answer it waits 30 s, and a closed connection ends all the others.`,
    faults: [
      {
        id: "ws-params-unchecked",
        what: "Params that lack something are taken.",
        socket: answered("chat.history", { messages: [] }),
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
      },
    ],
    async run(context) {
      const { socket } = await enter(context);
      for (const [method, params] of [
        ["chat.send", { message: "Hello." }],
        ["chat.history", {}],
        ["agent", { message: "Hello." }],
        ["chat.send", { sessionKey: 7, message: "Hello.", idempotencyKey: randomUUID() }],
      ] as const) {
        const { code } = toRefusal(await socket.answer(method, params), `\`${method}\` with ${JSON.stringify(params)}`);
        expectEqual(code, "INVALID_REQUEST", `\`code\` of \`${method}\` with ${JSON.stringify(params)}`);
      }
      await socket.request("health", {});
    },
  },
  {
    id: "WS-27",
    level: "MUST",
    requirement: "`sessions.list` gives no more than `limit`, in rows of the published schema.",
    source: "A list of everything takes minutes: openclaw#64004, #76166, #67709 (352 s).",
    faults: [
      {
        id: "ws-list-whole",
        what: "`limit` is ignored.",
        socket: () => ({
          up: (frame) =>
            isAsked(frame, "sessions.list") || isAsked(frame, "chat.history")
              ? { ...frame, params: without(frame["params"] as Frame, "limit") }
              : frame,
        }),
      },
      {
        id: "ws-row-without-kind",
        what: "Rows of `sessions.list` do not say their kind.",
        socket: editAnswer("sessions.list", (payload) => ({
          ...payload,
          sessions: (payload["sessions"] as Frame[]).map((row) => without(row, "kind")),
        })),
      },
    ],
    async run(context) {
      const { socket } = await enter(context);
      for (const label of ["one", "two"]) await sayWell(socket, toKey(`list-${label}`), toPrompt(context));
      const { sessions } = await socket.request("sessions.list", { limit: 1 });
      expectArray(sessions, "`sessions`");
      expectEqual(sessions.length, 1, "the number of sessions with `limit: 1`, of two at least");
      expectPublished(sessions[0], "SessionRow", "a row of `sessions.list`");
    },
  },
]);

function toMethods({ features }: Record<string, unknown>): readonly unknown[] {
  const methods = isObject(features) ? features["methods"] : undefined;
  return Array.isArray(methods) ? methods : [];
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
