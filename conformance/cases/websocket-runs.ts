import { expectEqual, expectObject, expectThat, isObject } from "../expect.ts";
import type { GatewaySocket } from "../lens/gateway-socket.ts";
import { without } from "../self-test/edit.ts";
import { editAnswer, editEvent, type Hooks, isAsked, toPayload } from "../self-test/socket-edit.ts";
import type { Frame, ProxiedSocket, SocketHooks } from "../self-test/socket-proxy.ts";
import { randomUUID } from "../unique.ts";
import {
  defineSocketCases,
  enter,
  needAnswer,
  readHistory,
  runEndsWell,
  say,
  slowPrompt,
  toKey,
  toPrompt,
  toText,
  waitForEnd,
} from "./websocket-talk.ts";

const commandLine = "openclaw 2026.9.6";

export const socketRunCases = defineSocketCases([
  {
    id: "WS-43",
    level: "MUST",
    requirement:
      "`agent` is answered twice on one id: `accepted` at once, and with what was said when the run is over.",
    source: `openclaw-node 0.14.0, \`openclaw agent\` and "expect final" of @openclaw/gateway-client wait for the second.`,
    limitMs: 30_000,
    finds: ["ws-run-id-own"],
    faults: [
      {
        id: "ws-agent-answered-once",
        what: "`agent` is answered when the run is over, and only then.",
        socket: dropAnswer(({ status }) => status === "accepted"),
      },
      {
        id: "ws-agent-accepted-only",
        what: "`agent` is not answered again when the run is over.",
        socket: dropAnswer(({ status }) => status !== "accepted"),
      },
      {
        id: "ws-agent-without-text",
        what: "The second answer of `agent` does not have what was said.",
        socket: editAnswer("agent", (payload) => without(payload, "result")),
      },
    ],
    async run(context) {
      const { socket } = await enter(context);
      const params = { sessionKey: toKey("agent"), message: toPrompt(context), idempotencyKey: randomUUID() };
      const over = await askAgent(socket, params);
      expectThat(over.ok !== false, runEndsWell, over.error);
      readAnswer(over, params);
    },
  },
  {
    id: "WS-44",
    level: "MUST",
    requirement: "`agent` with a key that was used is answered with what came of that run, and begins none.",
    source: `${commandLine} asks again when its connection was lost, and would talk twice.`,
    limitMs: 30_000,
    finds: ["ws-repeat-runs-again", "ws-agent-accepted-only"],
    async run(context) {
      const { socket } = await enter(context);
      const sessionKey = toKey("again");
      const params = { sessionKey, message: toPrompt(context), idempotencyKey: randomUUID() };
      const over = await askAgent(socket, params);
      if (over.ok === false) needAnswer({ state: "error", errorMessage: over.error });
      const first = readAnswer(over, params);
      const id = socket.ask("agent", params);
      const again = await socket.until(
        () => socket.answers(id).find(isOver),
        "what came of the run, once more",
        20_000,
      );
      expectEqual(toSaid(again.payload), first, "what the repeated `agent` is answered with");
      const asked = (await readHistory(socket, sessionKey)).filter(({ role }) => role === "user");
      expectEqual(asked.length, 1, "the number of user messages");
    },
  },
  {
    id: "WS-45",
    level: "MUST",
    requirement: "`agent.wait` says `ok` of a run that is over, and `timeout` after `timeoutMs` of one that goes on.",
    source: "`agentWait` of openclaw-node 0.14.0 hands the status on; programs ask until it is no `timeout`.",
    needs: ["fixture"],
    limitMs: 30_000,
    faults: [
      {
        id: "ws-wait-never-over",
        what: "`agent.wait` says `timeout` of runs that are over.",
        socket: editAnswer("agent.wait", (payload) => ({ ...payload, status: "timeout" })),
      },
      {
        id: "ws-wait-to-the-end",
        what: "`agent.wait` waits for the end, whatever `timeoutMs` says.",
        socket: () => ({
          up: (frame) =>
            isAsked(frame, "agent.wait") ? { ...frame, params: without(frame["params"] as Frame, "timeoutMs") } : frame,
        }),
      },
    ],
    async run(context) {
      const { socket } = await enter(context);
      const [sessionKey, runId] = [toKey("wait"), randomUUID()];
      const over = await say(socket, sessionKey, toPrompt(context));
      expectEqual(
        (await socket.request("agent.wait", { runId: over }))["status"],
        "ok",
        "the status of a run that is over",
      );
      await socket.request("chat.send", { sessionKey, message: slowPrompt, idempotencyKey: runId });
      const waited = await socket.request("agent.wait", { runId, timeoutMs: 200 });
      expectEqual(waited["status"], "timeout", "the status of a run that goes on");
      await socket.request("chat.abort", { sessionKey, runId });
    },
  },
  {
    id: "WS-46",
    level: "MUST",
    requirement: "`chat.abort` ends the run, says which, and its `chat` ends with the state `aborted`.",
    source: "The stop button of every chat; a run that goes on costs money, and openclaw tui waits for the state.",
    needs: ["fixture"],
    limitMs: 30_000,
    faults: [
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
      },
      {
        id: "ws-abort-told-as-end",
        what: "An aborted run is told as one that is done.",
        socket: () =>
          editEvent("chat", (payload) => (payload["state"] === "aborted" ? { ...payload, state: "final" } : payload)),
      },
      {
        id: "ws-abort-unnamed",
        what: "`chat.abort` does not say which run it has ended.",
        socket: editAnswer("chat.abort", (payload) => ({ ...payload, runIds: [] })),
      },
    ],
    async run(context) {
      const { socket } = await enter(context);
      const [sessionKey, runId] = [toKey("abort"), randomUUID()];
      await socket.request("chat.send", { sessionKey, message: slowPrompt, idempotencyKey: runId });
      await waitForDelta(socket, runId);
      const { runIds, aborted } = await socket.request("chat.abort", { sessionKey, runId });
      expectEqual(aborted, true, "`aborted` of the answer to `chat.abort`");
      expectEqual(runIds, [runId], "`runIds` of the answer to `chat.abort`");
      expectEqual((await waitForEnd(socket, runId))["state"], "aborted", "the state at the end of an aborted run");
    },
  },
  {
    id: "WS-47",
    level: "MUST",
    requirement: "A connection that closes ends nothing: the run goes on, and its answer is in the history.",
    source: "Telephones that sleep, pages that are loaded anew: openclaw#38091, #81284, #68162, #73631, #33002.",
    needs: ["fixture"],
    limitMs: 30_000,
    finds: ["ws-history-backwards", "ws-wait-never-over"],
    faults: [
      {
        id: "ws-leaving-aborts",
        what: "A connection that closes takes its runs along.",
        socket: abortOnLeave,
      },
    ],
    async run(context) {
      const { socket: lost } = await enter(context);
      const [sessionKey, runId] = [toKey("lost"), randomUUID()];
      const message = "@@words 30 delay=50ms";
      await lost.request("chat.send", { sessionKey, message, idempotencyKey: runId });
      await waitForDelta(lost, runId);
      lost.cut();
      const { socket } = await enter(context);
      expectEqual((await socket.request("agent.wait", { runId, timeoutMs: 20_000 }))["status"], "ok", "the run's end");
      const [, answer] = await readHistory(socket, sessionKey);
      expectThat(toText(answer).endsWith("word29"), "the whole answer in the history", answer);
    },
  },
  {
    id: "WS-48",
    level: "MUST",
    requirement: "A run that fails says so in words: the state `error` of its `chat`, and no `ok` from `agent.wait`.",
    source: "Control UI and openclaw tui show `errorMessage`; a failure that is told as an answer is taken for one.",
    needs: ["fixture"],
    limitMs: 30_000,
    finds: ["ws-wait-never-over"],
    faults: [
      {
        id: "ws-failure-told-as-end",
        what: "A run that fails is told as one that is done.",
        socket: () =>
          editEvent("chat", (payload) => (payload["state"] === "error" ? { ...payload, state: "final" } : payload)),
      },
      {
        id: "ws-failure-without-words",
        what: "A run that fails does not say why.",
        socket: () => editEvent("chat", (payload) => without(payload, "errorMessage")),
      },
    ],
    async run(context) {
      const { socket } = await enter(context);
      const [sessionKey, runId] = [toKey("fail"), randomUUID()];
      const message = '@@fail code=upstream_error message="the lights went out"';
      await socket.request("chat.send", { sessionKey, message, idempotencyKey: runId });
      const end = await waitForEnd(socket, runId);
      expectEqual(end["state"], "error", "the state at the end of a run that fails");
      expectThat(/\w/.test(toWords(end["errorMessage"])), "`errorMessage` to say something", end);
      expectEqual((await socket.request("agent.wait", { runId }))["status"], "error", "what `agent.wait` says of it");
    },
  },
]);

interface AgentParams {
  readonly sessionKey: string;
  readonly message: string;
  readonly idempotencyKey: string;
}

type Answer = ReturnType<GatewaySocket["answers"]>[number];

function isOver({ ok, payload }: Answer): boolean {
  return ok !== true || (isObject(payload) && payload["status"] !== "accepted");
}

/** Waits for both answers of `agent`; gives the second one. */
async function askAgent(socket: GatewaySocket, params: AgentParams): Promise<Answer> {
  const id = socket.ask("agent", params);
  const accepted = await socket.until(() => socket.answers(id)[0], "a first answer to `agent`");
  expectObject(accepted.payload, "the payload of the first answer");
  expectEqual(accepted.payload["status"], "accepted", "`status` of the first answer");
  expectEqual(accepted.payload["runId"], params.idempotencyKey, "`runId` of the first answer");
  return socket.until(() => socket.answers(id)[1], "a second answer to `agent`", 20_000);
}

/** What was said, by the second answer of `agent`. */
function readAnswer({ payload }: Answer, { idempotencyKey }: AgentParams): string {
  expectObject(payload, "the payload of the second answer");
  expectEqual(payload["status"], "ok", "`status` of the second answer");
  expectEqual(payload["runId"], idempotencyKey, "`runId` of the second answer");
  const said = toSaid(payload);
  expectThat(said !== "", "what was said in `result.payloads[].text`", payload);
  return said;
}

function toSaid(payload: unknown): string {
  const result = isObject(payload) ? payload["result"] : undefined;
  const payloads = isObject(result) ? result["payloads"] : undefined;
  return Array.isArray(payloads) ? payloads.map((one) => (isObject(one) ? toWords(one["text"]) : "")).join("") : "";
}

function toWords(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function waitForDelta(socket: GatewaySocket, runId: string): Promise<unknown> {
  const look = (): unknown =>
    socket.events("chat").find((event) => event["runId"] === runId && event["state"] === "delta");
  return socket.until(look, "a first `chat` delta of the run");
}

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
          id: crypto.randomUUID(),
          method: "chat.abort",
          params: { sessionKey, runId: idempotencyKey },
        });
    },
  };
}
