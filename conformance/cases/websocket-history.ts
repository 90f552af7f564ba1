import { expectEqual, expectObject, expectThat, isObject } from "../expect.ts";
import { without } from "../self-test/edit.ts";
import { editAnswer, isAsked } from "../self-test/socket-edit.ts";
import type { Frame } from "../self-test/socket-proxy.ts";
import { editMessages, talk } from "./websocket-chat.ts";
import { defineSocketCases, enter, needAnswer, readHistory, runEndsWell, toText } from "./websocket-talk.ts";

export const socketHistoryCases = defineSocketCases([
  {
    id: "WS-40",
    level: "MUST",
    requirement: "Once a run is told to be over, its question and its answer are in `chat.history`, in this order.",
    source: "openclaw tui, the Control UI and openclaw-node load the history at the end, and show what it has.",
    limitMs: 30_000,
    finds: ["ws-history-of-answers"],
    faults: [
      {
        id: "ws-history-backwards",
        what: "The history begins with what was said last.",
        socket: editAnswer("chat.history", (payload) => editMessages(payload, (list) => list.toReversed())),
      },
    ],
    async run(context) {
      const { sessionKey, message, end } = await talk(context);
      expectThat(end["state"] !== "error", runEndsWell, end);
      const messages = await readHistory((await enter(context)).socket, sessionKey);
      expectEqual(
        messages.map((one) => [one["role"], toText(one)]),
        [
          ["user", message],
          ["assistant", toText(end["message"])],
        ],
        "the roles and texts of `chat.history`",
      );
    },
  },
  {
    id: "WS-41",
    level: "SHOULD",
    requirement: "The history's user row names its key, and the session says that no run is active.",
    source: "Without them the Control UI stays at work after a run: it looks for its own key, and at `sessionInfo`.",
    limitMs: 30_000,
    finds: ["ws-history-of-answers"],
    faults: [
      {
        id: "ws-history-without-keys",
        what: "The history does not say by which key a turn came.",
        socket: editAnswer("chat.history", (payload) =>
          editMessages(payload, (list) => list.map((message) => without(message, "idempotencyKey", "__openclaw"))),
        ),
      },
      {
        id: "ws-session-always-active",
        what: "A session is at work for ever.",
        socket: editAnswer("chat.history", (payload) => ({
          ...payload,
          sessionInfo: { ...(payload["sessionInfo"] as Frame), hasActiveRun: true },
        })),
      },
    ],
    async run(context) {
      const { sessionKey, runId, end } = await talk(context);
      needAnswer(end);
      const { socket } = await enter(context);
      const { messages, sessionInfo } = await socket.request("chat.history", { sessionKey });
      const row: unknown = Array.isArray(messages)
        ? messages.find((one) => isObject(one) && one["role"] === "user")
        : {};
      const marks = isObject(row) ? [row["idempotencyKey"], isObject(row["__openclaw"]) && row["__openclaw"]] : [];
      expectThat(JSON.stringify(marks).includes(runId), `the key ${runId} in the user row`, row);
      expectObject(sessionInfo, "`sessionInfo` of `chat.history`");
      expectEqual(sessionInfo["hasActiveRun"], false, "`sessionInfo.hasActiveRun`");
      expectEqual(sessionInfo["activeRunIds"], [], "`sessionInfo.activeRunIds`");
    },
  },
  {
    id: "WS-42",
    level: "SHOULD",
    requirement: "`chat.history` gives the last `limit` messages.",
    source: "Clients that open a window ask for what they can show: openclaw tui for 200; openclaw#64004.",
    limitMs: 30_000,
    faults: [
      {
        id: "ws-history-whole",
        what: "The history is whole, whatever `limit` says.",
        socket: () => ({
          up: (frame) =>
            isAsked(frame, "chat.history") ? { ...frame, params: without(frame["params"] as Frame, "limit") } : frame,
        }),
      },
    ],
    async run(context) {
      const { sessionKey, end } = await talk(context);
      needAnswer(end);
      const { socket } = await enter(context);
      const { messages } = await socket.request("chat.history", { sessionKey, limit: 1 });
      const texts = Array.isArray(messages) ? messages.map(toText) : messages;
      expectEqual(texts, [toText(end["message"])], "the texts of the last message");
    },
  },
]);
