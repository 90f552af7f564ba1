import { createHash, createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { expect } from "vitest";
import { socketEvents, socketMethods, type SocketMethods } from "../../src/base/contract.ts";
import { createGatewayTest, startTestGateway, test, testToken } from "../gateway.fixture.ts";
import { toKeyConfig, toSecret } from "../keys.fixture.ts";
import { type AnyFrame } from "./published.fixture.ts";
import { connect, connectParams, openSocket, type TestSocket } from "./client.fixture.ts";

type Params = SocketMethods["connect"]["params"];

const withToken = { ...connectParams, auth: { token: testToken } };

/** What `connect` is answered with when it is refused, and how the connection is closed then. */
async function refused(
  socket: TestSocket,
  params: unknown,
): Promise<{ readonly error: AnyFrame["error"]; readonly code: number }> {
  const { ok, error } = await socket.answer("connect", params);
  expect(ok).toBe(false);
  return { error, code: (await socket.closed()).code };
}

test("the gateway begins with a challenge, and says what it is and has to whom it lets in", async ({ gateway }) => {
  const before = Date.now();
  const { hello, frames, challenge } = await connect(gateway, { params: { scopes: ["operator.admin"] } });
  expect(frames[0]).toEqual({
    type: "event",
    event: "connect.challenge",
    payload: { nonce: expect.stringMatching(/^[\w-]{32}$/), ts: expect.any(Number) },
  });
  const { ts } = challenge;
  expect(Number.isInteger(ts) && ts >= before).toBe(true);
  expect(hello).toMatchObject({
    protocol: 4,
    auth: { role: "operator" },
    features: { methods: Object.keys(socketMethods), events: Object.keys(socketEvents) },
    policy: { maxPayload: 26_214_400, maxBufferedBytes: 1_048_576, tickIntervalMs: 15_000 },
    snapshot: { sessionDefaults: { defaultAgentId: "main", mainSessionKey: "agent:main:main" }, authMode: "token" },
  });
});

test("every challenge is another one", async ({ gateway }) => {
  const sockets = await Promise.all([1, 2, 3].map(() => openSocket(gateway.url)));
  const nonces = sockets.map(({ challenge }) => challenge.nonce);
  expect(new Set(nonces).size).toBe(3);
});

test("the token is taken as a password too, and no other place has one", async ({ gateway }) => {
  const socket = await openSocket(`${gateway.url}/?token=${testToken}`, { authorization: `Bearer ${testToken}` });
  const { error, code } = await refused(socket, connectParams);
  expect({ error, code }).toMatchObject({ error: { details: { code: "AUTH_TOKEN_MISSING" } }, code: 1008 });
  await connect(gateway, { params: { auth: { password: testToken } } });
  expect(JSON.stringify(gateway.log)).not.toContain(testToken);
});

test("a wrong token is refused with the protocol's code and counted like any other", async ({ gateway }) => {
  const socket = await openSocket(gateway.url);
  const wrong = { ...connectParams, auth: { token: "wrong-token-0123456789abcdef" } };
  const { error, code } = await refused(socket, wrong);
  expect(error).toMatchObject({ code: "INVALID_REQUEST", details: { code: "AUTH_TOKEN_MISMATCH" } });
  expect(error?.message).toMatch(/^unauthorized: /);
  expect(code).toBe(1008);
  expect(await gateway.gateway.metrics.toText()).toMatch(/clawgate_auth_failures_total\{reason="wrong"\} [1-9]/);
});

test("wrong tokens lock an address for both doors, and a good one is let in all the same", async () => {
  const gateway = await startTestGateway({ config: { gateway: { auth: { limit: { failures: 2 } } } } });
  const wrong = { ...connectParams, auth: { token: "wrong-token-0123456789abcdef" } };
  for (const detail of ["AUTH_TOKEN_MISMATCH", "AUTH_TOKEN_MISMATCH", "AUTH_RATE_LIMITED", "AUTH_RATE_LIMITED"]) {
    // oxlint-disable-next-line no-await-in-loop -- one guess after the other
    const { error } = await refused(await openSocket(gateway.url), wrong);
    expect(error?.details?.["code"]).toBe(detail);
  }
  const overHttp = await gateway.fetch(`${gateway.url}/v1/models`, {
    headers: { authorization: "Bearer wrong-token" },
  });
  expect(overHttp.status).toBe(429);
  await connect(gateway);
});

test.for<[string, Partial<Params>]>([
  ["older versions only", { minProtocol: 1, maxProtocol: 3 }],
  ["newer versions only", { minProtocol: 5, maxProtocol: 9 }],
])("%s are refused with what is expected, and closed with 1002", async ([, range], { gateway }) => {
  const { error, code } = await refused(await openSocket(gateway.url), { ...withToken, ...range });
  const { minProtocol, maxProtocol } = range;
  expect(error?.details).toMatchObject({
    code: "PROTOCOL_MISMATCH",
    clientMinProtocol: minProtocol,
    clientMaxProtocol: maxProtocol,
    expectedProtocol: 4,
  });
  expect(code).toBe(1002);
});

test("a range that holds version 4 is enough, and keys that nobody knows are passed over", async ({ gateway }) => {
  const odd = {
    minProtocol: 3,
    maxProtocol: 7,
    client: { id: "my-dashboard", mode: "operator", novel: {} },
    novel: [1],
  };
  const { hello } = await connect(gateway, { params: odd });
  expect(hello.protocol).toBe(4);
});

test.for<[string, object]>([
  ["no client", { client: undefined }],
  ["a client without a name", { client: { mode: "ui" } }],
  ["a version that is no number", { minProtocol: "4" }],
  ["a token that is no text", { auth: { token: 1 } }],
])("%s is refused before anything is believed", async ([, params], { gateway }) => {
  const { error, code } = await refused(await openSocket(gateway.url), { ...withToken, ...params });
  expect({ message: error?.message, code }).toMatchObject({
    message: expect.stringMatching(/^invalid connect params: /),
    code: 1008,
  });
});

test("the role of a node is not offered", async ({ gateway }) => {
  const { error } = await refused(await openSocket(gateway.url), { ...withToken, role: "node" });
  expect(error?.details?.["code"]).toBe("ROLE_NOT_OFFERED");
});

const keys = {
  ...toKeyConfig("talker", { scopes: ["chat"] }),
  ...toKeyConfig("reader", { scopes: ["sessions"] }),
  ...toKeyConfig("meter", { scopes: ["metrics"] }),
  ...toKeyConfig("past", { scopes: ["chat"], expires: "2020-01-01" }),
};
const keyed = createGatewayTest({ config: { gateway: { auth: { keys } } } });
const everything = ["operator.read", "operator.write", "operator.admin", "operator.approvals", "operator.questions"];

keyed.for<[string | undefined, string[] | undefined, string[]]>([
  [undefined, ["operator.read", "operator.write"], ["operator.read", "operator.write"]],
  [undefined, ["operator.admin"], everything],
  [undefined, undefined, everything],
  [undefined, [], everything],
  [undefined, ["operator.read", "operator.pairing"], ["operator.read"]],
  ["talker", ["operator.read", "operator.write"], ["operator.write"]],
  ["talker", ["operator.admin"], ["operator.write", "operator.approvals", "operator.questions"]],
  ["reader", ["operator.admin"], ["operator.read", "operator.admin"]],
])("key %s that asks for %s is told that it has %s", async ([key, scopes, granted], { gateway }) => {
  const token = key === undefined ? testToken : toSecret(key);
  const { hello } = await connect(gateway, { token, params: { scopes } });
  expect(hello.auth.scopes).toEqual(granted);
});

keyed.for<[string, string[]]>([
  ["meter", ["operator.admin"]],
  ["talker", ["operator.read"]],
  ["reader", ["operator.write", "operator.pairing"]],
])(
  "key %s that asks for %s has none of it, and is refused and not let in with nothing",
  async ([key, scopes], { gateway }) => {
    const params = { ...connectParams, scopes, auth: { token: toSecret(key) } };
    const { error, code } = await refused(await openSocket(gateway.url), params);
    expect(error).toMatchObject({ code: "FORBIDDEN", details: { code: "AUTH_SCOPE_MISMATCH" } });
    expect(code).toBe(1008);
  },
);

keyed("a method takes its scope, and what is missing is said in both of the protocol's forms", async ({ gateway }) => {
  const talker = await connect(gateway, { token: toSecret("talker") });
  const { error } = await talker.answer("chat.history", { sessionKey: "main" });
  expect(error).toEqual({
    code: "FORBIDDEN",
    message: "missing scope: operator.read",
    details: { code: "MISSING_SCOPE", missingScope: "operator.read", requiredScopes: ["operator.read"] },
  });
  expect((await talker.request("agents.list")).agents).toHaveLength(2);
  const reader = await connect(gateway, { token: toSecret("reader") });
  const sent = { sessionKey: "main", message: "a", idempotencyKey: "x" };
  expect((await reader.answer("chat.send", sent)).error?.message).toBe("missing scope: operator.write");
  expect((await reader.request("sessions.list")).sessions).toEqual([]);
});

keyed("a scope that was not asked for is not there, whatever the token may", async ({ gateway }) => {
  const socket = await connect(gateway, { params: { scopes: ["operator.read"] } });
  const sent = { sessionKey: "main", message: "a", idempotencyKey: "x" };
  expect((await socket.answer("chat.send", sent)).error?.code).toBe("FORBIDDEN");
});

keyed("a key that has ended is told so", async ({ gateway }) => {
  const { error } = await refused(await openSocket(gateway.url), {
    ...connectParams,
    auth: { token: toSecret("past") },
  });
  expect(error?.message).toMatch(/expired at 2020/);
});

/** A device that signs the challenge, as the client library does. */
class Device {
  readonly publicKey: string;
  readonly id: string;
  readonly #key: string;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
    this.publicKey = raw.toString("base64url");
    this.id = createHash("sha256").update(raw).digest("hex");
    this.#key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  }

  sign({ challenge }: TestSocket, version: "v2" | "v3", over: Partial<Params> & { signedAt?: number } = {}): Params {
    const { nonce, ts } = challenge;
    const { signedAt = ts } = over;
    const { client, role, scopes } = connectParams;
    const common = [version, this.id, client.id, client.mode, role, scopes.join(","), signedAt, testToken, nonce];
    const text = [...common, ...(version === "v3" ? ["linux", ""] : [])].join("|");
    const signature = sign(null, Buffer.from(text), createPrivateKey(this.#key)).toString("base64url");
    const device = { id: this.id, publicKey: this.publicKey, signature, signedAt, nonce };
    return { ...withToken, device, ...over };
  }
}

test.for(["v2", "v3"] as const)(
  "a device that signs as %s is let in, and so is nobody's device",
  async (version, { gateway }) => {
    const socket = await openSocket(gateway.url);
    expect(await socket.request("connect", new Device().sign(socket, version))).toMatchObject({ protocol: 4 });
  },
);

test("a device that signs its own time is let in as long as its clock is not far off", async ({ gateway }) => {
  const socket = await openSocket(gateway.url);
  const params = new Device().sign(socket, "v2", { signedAt: Date.now() + 60_000 });
  expect(await socket.request("connect", params)).toMatchObject({ protocol: 4 });
});

type Forge = (device: NonNullable<Params["device"]>, other: Device) => object;
test.for<[string, Forge, string]>([
  ["another's signature", () => ({ signature: "A".repeat(86) }), "DEVICE_AUTH_SIGNATURE_INVALID"],
  ["another's key", (_, other) => ({ publicKey: other.publicKey }), "DEVICE_AUTH_DEVICE_ID_MISMATCH"],
  ["another's key and id", (_, { publicKey, id }) => ({ publicKey, id }), "DEVICE_AUTH_SIGNATURE_INVALID"],
  ["a key that is none", () => ({ publicKey: "AAAA" }), "DEVICE_AUTH_PUBLIC_KEY_INVALID"],
  ["another nonce", () => ({ nonce: "x" }), "DEVICE_AUTH_NONCE_MISMATCH"],
  ["an old time", ({ signedAt }) => ({ signedAt: signedAt - 3_600_000 }), "DEVICE_AUTH_SIGNATURE_EXPIRED"],
  ["another time", ({ signedAt }) => ({ signedAt: signedAt + 1 }), "DEVICE_AUTH_SIGNATURE_INVALID"],
])("a device with %s is not let in, even with the token", async ([, forge, detail], { gateway }) => {
  const socket = await openSocket(gateway.url);
  const { device, ...params } = new Device().sign(socket, "v3");
  if (device === undefined) throw new Error("no device");
  const { error, code } = await refused(socket, { ...params, device: { ...device, ...forge(device, new Device()) } });
  expect({ detail: error?.details?.["code"], code }).toEqual({ detail, code: 1008 });
});

test("a signature does not replace the token", async ({ gateway }) => {
  const socket = await openSocket(gateway.url);
  const { error } = await refused(socket, new Device().sign(socket, "v3", { auth: {} }));
  expect(error?.details?.["code"]).toBe("AUTH_TOKEN_MISSING");
});
