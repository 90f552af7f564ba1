import { randomUUID } from "node:crypto";
import { say, type SocketUse, toKey, toSocketUrl } from "./socket-client.ts";
import { settle } from "./use.ts";

/** What programs ask for beside chats. */
export const requestUses: readonly SocketUse[] = [
  {
    name: "a method that there is not, and the next request",
    only: "WS-20",
    async run({ open }) {
      const window = await open();
      return [await settle(window.ask("conformance.nothing", {})), (await window.ask("health", {}))["ok"]];
    },
  },
  {
    name: "requests without params",
    only: "WS-21",
    async run({ open }) {
      const window = await open();
      await Promise.all(["health", "status", "agents.list"].map((method) => window.ask(method)));
      return "answered";
    },
  },
  {
    name: "the names of the agents and of the models",
    only: "WS-22",
    async run({ open }) {
      const window = await open();
      const { agents } = await window.ask("agents.list", {});
      const { models } = await window.ask("models.list", {});
      return [
        (agents as { readonly id: string }[]).map(({ id }) => id),
        (models as { readonly provider: string; readonly id: string }[]).map(({ provider, id }) => `${provider}/${id}`),
      ];
    },
  },
  {
    name: "another request while one waits for a run",
    only: "WS-25",
    async run({ open }) {
      const window = await open();
      const [sessionKey, started] = [toKey(), performance.now()];
      const runId = await say(window, sessionKey, "@@words 30 delay=50ms");
      const waited = window.ask("agent.wait", { runId, timeoutMs: 60_000 });
      const { ok } = await window.ask("health", {});
      const soon = performance.now() - started < 1200;
      return { ok, soon, status: (await waited)["status"] };
    },
  },
  {
    name: "a request that lacks something, and the next",
    only: "WS-26",
    async run({ open }) {
      const window = await open();
      const said = [await settle(window.ask("chat.history", {})), await settle(window.ask("agent", { message: "hi" }))];
      return [...said, (await window.ask("health", {}))["ok"]];
    },
  },
  {
    name: "the last session of several",
    only: "WS-27",
    async run({ open }) {
      const window = await open();
      for (const sessionKey of [toKey(), toKey()]) await window.end(await say(window, sessionKey, "@@echo hi"));
      const { sessions } = await window.ask("sessions.list", { limit: 1 });
      return (sessions as unknown[]).length;
    },
  },
  {
    name: "a long message",
    only: "WS-28",
    async run({ open }) {
      const window = await open();
      const [sessionKey, idempotencyKey] = [toKey(), randomUUID()];
      await window.ask("chat.send", { sessionKey, message: `@@echo hi\n${"x".repeat(200_000)}`, idempotencyKey });
      return "sent";
    },
  },
  {
    name: "a window beside a program that sends noise",
    only: "WS-30",
    async run({ open, subject }) {
      const window = await open();
      for (const noise of ["{", "null", '{"type":"req"}']) {
        const other = new WebSocket(toSocketUrl(subject));
        await new Promise((resolve) => other.addEventListener("open", resolve));
        other.send(noise);
        await new Promise((resolve) => setTimeout(resolve, 50));
        other.close();
      }
      return (await window.ask("health", {}))["ok"];
    },
  },
  {
    name: "a window that is left open without a word",
    only: "WS-31",
    async run({ open }) {
      const window = await open();
      await new Promise((resolve) => setTimeout(resolve, 3000));
      return window.closings.length === 0 ? "still connected" : window.closings;
    },
  },
];
