import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { createGatewayTest, type SharedGateway, testToken } from "../gateway.fixture.ts";
import { toKeyConfig, toSecret } from "../keys.fixture.ts";
import { connectParams, openSocket, type TestSocket } from "./client.fixture.ts";

const shared = (name: string, fields: object): object => toKeyConfig(name, { sessions: "shared", ...fields });
const keys = {
  ...shared("talker", { scopes: ["chat"] }),
  ...shared("reader", { scopes: ["sessions"] }),
  ...shared("both", { scopes: ["chat", "sessions"] }),
  ...shared("meter", { scopes: ["metrics"] }),
  ...shared("beta", { scopes: ["chat", "sessions"], agents: ["beta"] }),
  ...shared("past", { scopes: ["chat", "sessions"], expires: "2020-01-01" }),
};
const test = createGatewayTest({
  config: { gateway: { auth: { keys }, http: { endpoints: { sessions: { enabled: true } } } } },
});

const sessionKey = "agent:main:doors";
const path = `/v1/sessions/${encodeURIComponent(sessionKey)}`;

/** The same, as each door has it. */
interface Deed {
  readonly name: string;
  readonly http: readonly [method: string, path: string];
  readonly socket: readonly [method: string, params: object];
}

const deeds: readonly Deed[] = [
  { name: "read", http: ["GET", `${path}/messages`], socket: ["chat.history", { sessionKey }] },
  { name: "run", http: ["POST", "/v1/chat/completions"], socket: ["chat.send", { sessionKey, message: "@@echo hi" }] },
  { name: "reset", http: ["POST", `${path}/reset`], socket: ["sessions.reset", { key: sessionKey }] },
  { name: "delete", http: ["DELETE", path], socket: ["sessions.delete", { key: sessionKey }] },
];

const credentials: Readonly<Record<string, { readonly secret: string; readonly may: readonly string[] }>> = {
  operator: { secret: testToken, may: ["read", "run", "reset", "delete"] },
  both: { secret: toSecret("both"), may: ["read", "run", "reset", "delete"] },
  talker: { secret: toSecret("talker"), may: ["run"] },
  reader: { secret: toSecret("reader"), may: ["read", "reset", "delete"] },
  meter: { secret: toSecret("meter"), may: [] },
  beta: { secret: toSecret("beta"), may: [] },
  past: { secret: toSecret("past"), may: [] },
  nobody: { secret: toSecret("nobody"), may: [] },
};

/** So that there is something to read, reset and delete. */
async function talk(gateway: SharedGateway, secret = testToken): Promise<Response> {
  const messages = [{ role: "user", content: "@@echo hi" }];
  return gateway.chat(
    { model: "openclaw:main", messages },
    { authorization: `Bearer ${secret}`, "x-openclaw-session-key": sessionKey },
  );
}

async function overHttp(
  gateway: SharedGateway,
  { name, http: [method, place] }: Deed,
  secret: string,
): Promise<boolean> {
  if (name === "run") return (await talk(gateway, secret)).ok;
  return (await gateway.request(place, { method, headers: { authorization: `Bearer ${secret}` } })).ok;
}

async function overSocket(socket: TestSocket, { name, socket: [method, params] }: Deed): Promise<boolean> {
  const idempotencyKey = `doors-${randomUUID()}`;
  const { ok } = await socket.answer(method, name === "run" ? { ...params, idempotencyKey } : params);
  if (name === "run" && ok === true) await socket.ended(idempotencyKey);
  return ok === true;
}

test.for(Object.entries(credentials))(
  "what %s may do it may do over both doors, and nothing else",
  async ([, one], { gateway }) => {
    const { secret, may } = one;
    const socket = await openSocket(gateway.url);
    const { ok } = await socket.answer("connect", { ...connectParams, scopes: [], auth: { token: secret } });
    const done: Record<"http" | "socket", string[]> = { http: [], socket: [] };
    for (const deed of deeds) {
      await talk(gateway);
      if (await overHttp(gateway, deed, secret)) done.http.push(deed.name);
      await talk(gateway);
      if (ok === true && (await overSocket(socket, deed))) done.socket.push(deed.name);
    }
    expect(done).toEqual({ http: may, socket: may });
  },
);
