import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { assertUsable } from "../../src/base/config/check.ts";
import { parseConfig } from "../../src/base/config/load.ts";
import { findWeakAuth } from "../../src/base/config/secret.ts";
import { startTestGateway, type TestGateway, testToken } from "../gateway.fixture.ts";
import { toKeyConfig } from "../keys.fixture.ts";
import { expectError } from "./error.fixture.ts";
import { type Answer, exchangeFrom } from "./socket.fixture.ts";

const proxy = "127.0.0.9";

function toGateway(trustedProxy: object): { trustedProxies: string[]; auth: object } {
  return {
    trustedProxies: [proxy],
    auth: {
      mode: "trusted-proxy",
      trustedProxy: { userHeader: "X-Forwarded-User", allowLoopback: true, ...trustedProxy },
    },
  };
}

function withKey(name: string, trustedProxy: object): object {
  const { auth, ...rest } = toGateway(trustedProxy);
  return { ...rest, auth: { ...auth, keys: toKeyConfig(name) } };
}

function startBehindProxy(trustedProxy: object = {}): Promise<TestGateway> {
  return startTestGateway({
    config: { gateway: toGateway(trustedProxy) },
    credential: { mode: "trusted-proxy" },
  });
}

function visit(from: string, { port }: TestGateway, fields: readonly string[], path = "/v1/models"): Promise<Answer> {
  return exchangeFrom(from, port, [`GET ${path} HTTP/1.1`, "Host: localhost", ...fields, "", ""].join("\r\n"));
}

test("whom the proxy has signed in may call, and the log has the name and the client's address", async () => {
  const gateway = await startBehindProxy();
  const answer = await visit(proxy, gateway, ["X-Forwarded-User: ada@example.com", "X-Forwarded-For: 192.0.2.1"]);
  expect(answer.status).toBe(200);
  await expect
    .poll(() => gateway.log.find(({ msg }) => msg === "request"))
    .toMatchObject({ status: 200, key: "ada@example.com", address: "192.0.2.1" });
});

test("a key of the configuration is good without the proxy, for whoever has one", async () => {
  const key = "key-of-a-program-0123456789abcdef";
  const keys = { nightly: { sha256: createHash("sha256").update(key).digest("hex") } };
  const { auth, ...rest } = toGateway({});
  const gateway = await startTestGateway({
    config: { gateway: { ...rest, auth: { ...auth, keys } } },
    credential: { mode: "trusted-proxy" },
  });
  expect((await visit("127.0.0.8", gateway, [`Authorization: Bearer ${key}`])).status).toBe(200);
  expect((await visit("127.0.0.8", gateway, [`Authorization: Bearer ${key}0`])).status).toBe(401);
  await expect
    .poll(() => gateway.log.filter(({ msg }) => msg === "request"))
    .toMatchObject([{ status: 200, key: "nightly" }, { status: 401 }]);
});

const refused: readonly (readonly [what: string, from: string, fields: readonly string[]])[] = [
  ["another address", "127.0.0.8", ["X-Forwarded-User: ada"]],
  ["an address that only says it is the proxy", "127.0.0.8", ["X-Forwarded-User: ada", `X-Forwarded-For: ${proxy}`]],
  ["nobody", proxy, []],
  ["an empty name", proxy, ["X-Forwarded-User: "]],
  ["a name of 257 characters", proxy, [`X-Forwarded-User: ${"a".repeat(257)}`]],
  ["another header that is spelled like it", proxy, ["X_Forwarded_User: ada"]],
  ["a token instead", proxy, [`Authorization: Bearer ${testToken}`]],
];

test("anybody else is 401, however often", async () => {
  const gateway = await startBehindProxy();
  for (const [what, from, fields] of refused) {
    for (const path of ["/v1/models", "/v1/nope", "/metrics"]) {
      expectError(await visit(from, gateway, fields, path), { code: "invalid_api_key" }, what);
    }
  }
  expect((await visit("127.0.0.8", gateway, [], "/healthz")).status).toBe(200);
});

test("two names are 400", async () => {
  const gateway = await startBehindProxy();
  const answer = await visit(proxy, gateway, ["X-Forwarded-User: ada", "x-forwarded-user: eve"]);
  expectError(answer, { code: "invalid_http", param: "x-forwarded-user" });
});

test("a proxy on this machine is believed only where the configuration says so", async () => {
  const gateway = await startBehindProxy({ allowLoopback: false });
  expectError(await visit(proxy, gateway, ["X-Forwarded-User: ada"]), { code: "invalid_api_key" });
});

test("users that are not among those allowed are 401, and so is a request without what the proxy always sends", async () => {
  const gateway = await startBehindProxy({ allowUsers: ["ada"], requiredHeaders: ["X-Forwarded-Proto"] });
  const whole = ["X-Forwarded-User: ada", "X-Forwarded-Proto: https"];
  expect((await visit(proxy, gateway, whole)).status).toBe(200);
  for (const fields of [
    ["X-Forwarded-User: ada"],
    ["X-Forwarded-User: ada", "X-Forwarded-Proto: "],
    ["X-Forwarded-User: Ada", "X-Forwarded-Proto: https"],
    ["X-Forwarded-User: ada, eve", "X-Forwarded-Proto: https"],
  ]) {
    expectError(await visit(proxy, gateway, fields), { code: "invalid_api_key" }, fields.join());
  }
});

test("a user has the name that the proxy has written, in whatever letters", async () => {
  const gateway = await startBehindProxy({ allowUsers: ["Zoë", "Ὀδυσσεύς"] });
  for (const user of ["Zoë", "Ὀδυσσεύς"]) {
    expect((await visit(proxy, gateway, [`X-Forwarded-User: ${user}`])).status).toBe(200);
    await expect.poll(() => gateway.log.filter(({ key }) => key === user)).toHaveLength(1);
  }
  // The same to the eye, in other bytes.
  expectError(await visit(proxy, gateway, ["X-Forwarded-User: Zoe\u0308"]), { code: "invalid_api_key" });
});

const unusable: readonly (readonly [what: string, gateway: object, says: RegExp])[] = [
  ["no header", { auth: { mode: "trusted-proxy" } }, /trustedProxy\.userHeader/],
  ["no proxy", { ...toGateway({}), trustedProxies: [] }, /^gateway\.auth\.mode .*gateway\.trustedProxies/],
  [
    "a token too",
    { auth: { ...toGateway({}).auth, token: testToken }, trustedProxies: [proxy] },
    /^gateway\.auth\.token /,
  ],
  ["a key that is called as everybody", withKey("proxy-user", {}), /^gateway\.auth\.keys\.proxy-user has the name/],
  ["a key that is called as a user", withKey("ada", { allowUsers: ["ada"] }), /^gateway\.auth\.keys\.ada has the name/],
  ["a proxy that is not believed", { ...toGateway({ allowLoopback: false }), bind: "lan" }, /allowLoopback/],
  [
    "a port that no proxy reaches",
    { ...toGateway({ allowLoopback: false }), trustedProxies: ["10.0.0.1"] },
    /allowLoopback/,
  ],
];
test.each(unusable)("with %s the configuration is refused", (_, gateway, says) => {
  expect(() => assertUsable(parseConfig({ gateway }))).toThrow(says);
});

test("a key may be called as a user of whom nobody speaks", () => {
  for (const [name, users] of [
    ["proxy-user", ["ada"]],
    ["ada", ["eve"]],
  ] as const)
    expect(() => assertUsable(parseConfig({ gateway: withKey(name, { allowUsers: users }) }))).not.toThrow();
});

test("what lets every process of the machine say who it is, is warned of", () => {
  const find = (trustedProxy: object): string[] =>
    findWeakAuth(parseConfig({ gateway: toGateway(trustedProxy) })).map(({ key }) => key);
  expect(find({})).toEqual(["gateway.auth.trustedProxy.allowLoopback"]);
  expect(find({ allowLoopback: false })).toEqual([]);
});
