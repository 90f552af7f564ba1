import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subject } from "../reach/subject.ts";
import { toSocketUrl } from "./socket-client.ts";
import type { Use } from "./use.ts";

// What is used of openclaw-node, which is looked for where it is installed; see other-clients.ts.

type Answer = Readonly<Record<string, unknown>>;

interface NodeClient {
  on(name: "error", listener: (error: unknown) => void): void;
  connect(): Promise<unknown>;
  disconnect(): Promise<void>;
  hasMethod(method: string): boolean;
  request(method: string, params?: object): Promise<unknown>;
  chat(message: string, options: object): AsyncIterable<{ readonly type: string; readonly text?: string }>;
  chatSync(message: string, options: object): Promise<string>;
  chatAbort(sessionKey: string, runId?: string): Promise<Answer>;
  agentWait(runId: string, options?: object): Promise<Answer>;
  readonly sessions: {
    readonly history: (key: string) => Promise<Answer>;
    readonly subscribeMessages: (key: string, take: (event: { readonly event: string }) => void) => Promise<unknown>;
  };
}

export interface OpenClawNode {
  readonly OpenClawClient: new (options: object) => NodeClient;
}

/** What it says as long as there is no connection. */
const notYet = "Not connected to OpenClaw Gateway";
const hello = "@@words 5 delay=20ms";

/** What programs do with openclaw-node, as its README has it. */
export function toNodeUses({ OpenClawClient }: OpenClawNode): Use[] {
  const create = (subject: Subject, signal: AbortSignal, options: object = {}): NodeClient => {
    const folder = mkdtempSync(join(tmpdir(), "openclaw-node-"));
    const client = new OpenClawClient({
      // It warns the whole process of `ws:` at every client, and takes this for the same.
      url: toSocketUrl(subject).replace("ws", "http"),
      token: subject.apiKey,
      autoReconnect: false,
      deviceIdentityPath: join(folder, "device.json"),
      ...options,
    });
    client.on("error", () => undefined);
    signal.addEventListener("abort", () => {
      void client.disconnect();
      rmSync(folder, { recursive: true, force: true });
    });
    return client;
  };
  const use = (only: string, name: string, run: (client: NodeClient) => Promise<unknown>): Use => ({
    name,
    only,
    run: async (subject, signal) => {
      const client = create(subject, signal);
      await client.connect();
      return run(client);
    },
  });
  const gather = async (client: NodeClient, message: string, options: object = {}): Promise<string[]> => {
    const seen = new Set<string>();
    for await (const { type } of client.chat(message, { sessionKey: toKey(), ...options })) seen.add(type);
    return [...seen];
  };
  return [
    use("WS-32 WS-37", "chatSync", (client) => client.chatSync(hello, { sessionKey: toKey() })),
    use("WS-36 WS-43 WS-54", "what chat tells of a run", (client) => gather(client, hello, { clientMessageId: "1" })),
    use("WS-48", "what chat tells of a run that fails", (client) => gather(client, "@@fail code=upstream_error")),
    use("WS-24", "hasMethod", async (client) =>
      ["chat.send", "chat.history", "chat.abort", "agent", "agent.wait", "sessions.list"].filter((name) =>
        client.hasMethod(name),
      ),
    ),
    use("WS-46", "chatAbort", async (client) => {
      const [sessionKey, seen] = [toKey(), [] as unknown[]];
      for await (const { type } of client.chat("@@words 400 delay=50ms", { sessionKey }))
        if (type === "text" && seen.length === 0) seen.push((await client.chatAbort(sessionKey))["aborted"]);
      return seen;
    }),
    use("WS-51 WS-52", "sessions.subscribeMessages", async (client) => {
      const [sessionKey, seen] = [toKey(), new Set<string>()];
      await client.sessions.subscribeMessages(sessionKey, ({ event }) => void seen.add(event));
      await client.chatSync(hello, { sessionKey });
      await client.sessions.history(sessionKey);
      return [...seen].toSorted();
    }),
    {
      name: "health, before connect is answered",
      only: "WS-08",
      run: async (subject, signal) => {
        const client = create(subject, signal, { token: "wrong-token-0123456789abcdef" });
        client.connect().catch(() => undefined);
        for (;;) {
          const said = await client.request("health").then(
            () => "answered",
            ({ message }: Error) => message,
          );
          if (said !== notYet) return said === "answered" ? said : "refused";
          await new Promise(setImmediate);
        }
      },
    },
  ];
}

function toKey(): string {
  return `proof-${randomUUID()}`;
}
