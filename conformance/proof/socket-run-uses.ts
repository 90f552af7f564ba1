import { randomUUID } from "node:crypto";
import { say, type SocketUse, toKey, toLines, toText } from "./socket-client.ts";

const hello = "@@words 5 delay=20ms";
const slow = "@@words 400 delay=50ms";
const admin = { scopes: ["operator.read", "operator.write", "operator.admin"] };

/** What windows with chats in them show. */
export const runUses: readonly SocketUse[] = [
  {
    name: "the words of a chat as they come",
    only: "WS-35",
    async run({ open }) {
      const window = await open();
      const runId = await say(window, toKey(), hello);
      await window.end(runId);
      const shown = window
        .of(runId, "chat")
        .reduce(
          (text, { state, deltaText, replace }) =>
            state === "delta" ? (replace === true ? "" : text) + String(deltaText) : text,
          "",
        );
      return shown;
    },
  },
  {
    name: "the whole text of a chat, as its window shows it",
    only: "WS-34 WS-40",
    async run({ open, library }) {
      const window = await open();
      const [sessionKey, seen] = [toKey(), [] as string[]];
      const runId = await say(window, sessionKey, hello);
      await window.end(runId);
      let projection = library.createSessionProjection();
      for (const event of window.of(runId, "chat")) {
        projection = library.reduceSessionProjectionRunEvent(projection, event)?.projection ?? projection;
        seen.push(projection.runs[runId]?.status ?? "unknown");
      }
      const { messages } = await window.ask("chat.history", { sessionKey });
      projection = library.reduceSessionProjection(projection, { type: "snapshotLoaded", messages });
      return { seen: [...new Set(seen)], lines: toLines(projection.messages) };
    },
  },
  {
    name: "a note for every chat that is over",
    only: "WS-34",
    async run({ open }) {
      const window = await open();
      const sessionKey = toKey();
      const runId = await say(window, sessionKey, hello);
      await window.end(runId);
      await window.ask("chat.history", { sessionKey });
      return window.of(runId, "chat").flatMap(({ state, message }) => (state === "final" ? [toText(message)] : []));
    },
  },
  {
    name: "a dashboard that shows `text` of what the agent says",
    only: "WS-37",
    async run({ open }) {
      const window = await open();
      const runId = await say(window, toKey(), hello);
      await window.end(runId);
      const said = window.of(runId, "agent").filter(({ stream }) => stream === "assistant");
      return (said.at(-1)?.["data"] as { readonly text?: unknown } | undefined)?.text ?? "nothing";
    },
  },
  {
    name: "a window that loads everything anew where it has missed something",
    only: "WS-38",
    async run({ open }) {
      const window = await open();
      const runId = await say(window, toKey(), hello);
      await window.end(runId);
      return window.gaps.length > 0 ? "loads anew" : "has missed nothing";
    },
  },
  {
    name: "a message that is sent again, since its answer was lost",
    only: "WS-33",
    async run({ open }) {
      const window = await open();
      const [sessionKey, idempotencyKey] = [toKey(), randomUUID()];
      const params = { sessionKey, message: "@@echo hi", idempotencyKey };
      await window.ask("chat.send", params);
      await window.ask("chat.send", params);
      await window.end(idempotencyKey);
      await window.end(await say(window, sessionKey, "@@echo there"));
      return toLines((await window.ask("chat.history", { sessionKey }))["messages"]);
    },
  },
  {
    name: "the history of a chat that is over",
    only: "WS-40",
    async run({ open }) {
      const window = await open();
      const sessionKey = toKey();
      await window.end(await say(window, sessionKey, hello));
      return toLines((await window.ask("chat.history", { sessionKey }))["messages"]);
    },
  },
  {
    name: '`agent` with "expect final"',
    only: "WS-43",
    async run({ open }) {
      const window = await open();
      const params = { sessionKey: toKey(), message: hello, idempotencyKey: randomUUID() };
      return toSaid(await window.ask("agent", params, { expectFinal: true }));
    },
  },
  {
    name: '`agent` with "expect final", asked again',
    only: "WS-44",
    async run({ open }) {
      const window = await open();
      const params = { sessionKey: toKey(), message: hello, idempotencyKey: randomUUID() };
      const first = toSaid(await window.ask("agent", params, { expectFinal: true }));
      const said = [first, toSaid(await window.ask("agent", params, { expectFinal: true }))];
      const { messages } = await window.ask("chat.history", { sessionKey: params.sessionKey });
      return { said, lines: toLines(messages) };
    },
  },
  {
    name: "`agent.wait` of a run that is over, and of one that goes on",
    only: "WS-45",
    async run({ open }) {
      const window = await open();
      const sessionKey = toKey();
      const over = await say(window, sessionKey, "@@echo hi");
      await window.end(over);
      const one = await window.ask("agent.wait", { runId: over });
      const runId = await say(window, sessionKey, slow);
      const other = await window.ask("agent.wait", { runId, timeoutMs: 200 });
      await window.ask("chat.abort", { sessionKey, runId });
      return [one["status"], other["status"]];
    },
  },
  {
    name: "the stop button",
    only: "WS-46",
    async run({ open }) {
      const window = await open();
      const sessionKey = toKey();
      const runId = await say(window, sessionKey, slow);
      await window.firstWords(runId);
      const { aborted, runIds } = await window.ask("chat.abort", { sessionKey, runId });
      const { state } = await window.end(runId);
      return { aborted, stopped: Array.isArray(runIds) && runIds.includes(runId), state };
    },
  },
  {
    name: "a window that is closed in the middle, and opened again",
    only: "WS-47",
    async run({ open }) {
      const lost = await open();
      const sessionKey = toKey();
      const runId = await say(lost, sessionKey, "@@words 15 delay=50ms");
      await lost.firstWords(runId);
      lost.client.stop();
      const window = await open();
      const { status } = await window.ask("agent.wait", { runId, timeoutMs: 2500 });
      return { status, lines: toLines((await window.ask("chat.history", { sessionKey }))["messages"]) };
    },
  },
  {
    name: "a failure, as the chat shows it",
    only: "WS-48",
    async run({ open, library }) {
      const window = await open();
      const runId = await say(window, toKey(), '@@fail code=upstream_error message="the lights went out"');
      const end = await window.end(runId);
      const shown = library.reduceSessionProjectionRunEvent(library.createSessionProjection(), end)?.projection.runs[
        runId
      ];
      const words = (shown?.errorMessage ?? "") === "" ? "no words" : "in words";
      return { status: shown?.status, words, waited: (await window.ask("agent.wait", { runId }))["status"] };
    },
  },
  {
    name: "/new",
    only: "WS-49",
    async run({ open }) {
      const window = await open(admin);
      const sessionKey = toKey();
      await window.end(await say(window, sessionKey, "@@echo hi"));
      await window.ask("sessions.reset", { key: sessionKey });
      return toLines((await window.ask("chat.history", { sessionKey }))["messages"]);
    },
  },
  {
    name: "a session that is deleted",
    only: "WS-50",
    async run({ open }) {
      const window = await open(admin);
      const sessionKey = toKey();
      await window.end(await say(window, sessionKey, "@@echo hi"));
      await window.ask("sessions.delete", { key: sessionKey });
      const { sessions } = await window.ask("sessions.list", { search: sessionKey });
      return {
        listed: (sessions as unknown[]).length,
        lines: toLines((await window.ask("chat.history", { sessionKey }))["messages"]),
      };
    },
  },
  {
    name: "three more windows on the session",
    only: "WS-51 WS-52 WS-53",
    async run({ open, library }) {
      const sessionKey = toKey();
      const talker = await open();
      const others = [await open(), await open(), await open()];
      for (const other of others) await other.ask("sessions.messages.subscribe", { key: sessionKey });
      const runId = await say(talker, sessionKey, hello);
      return Promise.all(
        others.map(async (other) => {
          await other.end(runId);
          const said = other
            .of(runId, "agent")
            .flatMap(({ stream, data }) =>
              stream === "assistant" ? [(data as { readonly delta?: string }).delta] : [],
            );
          const lines = other.told.reduce((projection, { event, payload = {} }) => {
            if (event !== "session.message") return projection;
            return library.reduceSessionProjection(projection, {
              type: "messagePersisted",
              message: payload["message"],
              envelope: payload,
            });
          }, library.createSessionProjection());
          return { asked: toLines(lines.messages).filter((line) => line.startsWith("user")), said: said.join("") };
        }),
      );
    },
  },
];

/** The text of the last answer of `agent`. */
function toSaid({ result }: Readonly<Record<string, unknown>>): string {
  const { payloads = [] } = (result ?? {}) as { readonly payloads?: readonly { readonly text: string }[] };
  return payloads.map(({ text }) => text).join("");
}
