import { randomUUID } from "node:crypto";
import { findUnpublished } from "../lens/published.ts";
import { type Library, Window } from "./socket-client.ts";
import { settle, type Use } from "./use.ts";

/** What a program says that takes nothing but what the published schema has, as dashboards with closed objects do. */
function check(name: string, values: readonly unknown[]): string {
  for (const value of values) {
    const finding = findUnpublished(value, name);
    if (finding !== undefined) throw new TypeError(`no ${name}: ${finding}`);
  }
  return values.length === 0 ? "nothing" : "taken";
}

/** What programs do that check what comes by OpenClaw's published schema. */
export function toPublishedUses(library: Library): Use[] {
  const use = (only: string, name: string, run: (window: Window) => Promise<unknown>): Use => ({
    name,
    only,
    run: async (subject, signal) => run(await new Window(library, subject, signal).opened()),
  });
  /** The events of one run. */
  const listen = async (window: Window, name: string): Promise<readonly unknown[]> => {
    const [sessionKey, idempotencyKey] = [`proof-${randomUUID()}`, randomUUID()];
    await window.ask("chat.send", { sessionKey, message: "@@words 3", idempotencyKey });
    await window.end(idempotencyKey);
    await window.ask("chat.history", { sessionKey });
    return window.of(idempotencyKey, name);
  };
  return [
    use("WS-03", "`hello-ok`, checked", async (window) => check("HelloOk", [window.hello])),
    use("WS-22", "the lists, checked", async (window) => [
      await settle(window.ask("agents.list", {}).then((one) => check("AgentsListResult", [one]))),
      await settle(window.ask("models.list", {}).then((one) => check("ModelsListResult", [one]))),
    ]),
    use("WS-27", "the rows of the sessions, checked", async (window) => {
      await listen(window, "chat");
      const { sessions } = await window.ask("sessions.list", { limit: 1 });
      return check("SessionRow", sessions as unknown[]);
    }),
    use("WS-34", "`chat` events, checked", async (window) => check("ChatEvent", await listen(window, "chat"))),
    use("WS-36", "`agent` events, checked", async (window) => check("AgentEvent", await listen(window, "agent"))),
  ];
}
