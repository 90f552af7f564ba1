import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/base/config/load.ts";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { toAuthorization, toKeyConfig } from "../keys.fixture.ts";

const { limit } = parseConfig({}).gateway.auth;
const weak = "tr0ub4dor";
const keys = {
  ...toKeyConfig("strong"),
  ...toKeyConfig("over", { expires: "2020-01-01" }),
  weak: { sha256: hash("sha256", weak) },
};

async function status({ url, fetch }: TestGateway, authorization: string): Promise<number> {
  return (await fetch(`${url}/v1/models`, { headers: { authorization } })).status;
}

const strong = toAuthorization("strong").authorization;

test("while an address is locked a key of full strength is let in, and one that could be guessed is not", async () => {
  const gateway = await startTestGateway({ config: { gateway: { auth: { keys, limit: { ...limit, failures: 1 } } } } });
  expect([await status(gateway, strong), await status(gateway, `Bearer ${weak}`)]).toEqual([200, 200]);
  expect([await status(gateway, "Bearer guess-1"), await status(gateway, "Bearer guess-2")]).toEqual([401, 429]);
  expect([await status(gateway, strong), await status(gateway, `Bearer ${weak}`)]).toEqual([200, 429]);
});

test("a key that has ended is no guess, and is counted by itself", async () => {
  const gateway = await startTestGateway({ config: { gateway: { auth: { keys, limit: { ...limit, failures: 1 } } } } });
  for (let count = 0; count < 3; count++)
    expect(await status(gateway, toAuthorization("over").authorization)).toBe(401);
  expect(await status(gateway, "Bearer guess-1")).toBe(401);
  expect(await gateway.gateway.metrics.toText()).toMatch(/^clawgate_auth_failures_total\{reason="expired"\} 3$/m);
});

test("keys let in beside a proxy that signs people in, and beside nobody's header", async () => {
  const auth = { mode: "trusted-proxy", trustedProxy: { userHeader: "x-user", allowLoopback: false }, keys };
  const gateway = await startTestGateway({
    config: { gateway: { trustedProxies: ["127.0.0.9"], auth } },
    credential: { mode: "trusted-proxy" },
  });
  expect(await status(gateway, strong)).toBe(200);
  for (const wrong of ["", "Bearer", "Bearer guess"]) expect(await status(gateway, wrong)).toBe(401);
});
