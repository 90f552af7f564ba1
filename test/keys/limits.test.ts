import { expect } from "vitest";
import { createGatewayTest, startTestGateway, type SharedGateway } from "../gateway.fixture.ts";
import { toKeyConfig, toSecret, withKey } from "../keys.fixture.ts";
import { rejection, sdks } from "../sdk/clients.fixture.ts";
import { hold, say, untilLive } from "../talk.fixture.ts";

const budget = { tokensPerDay: 1000 };
const keys = {
  ...toKeyConfig("slow", { requestsPerMinute: 3 }),
  ...toKeyConfig("few", { requestsPerMinute: 1, scopes: ["chat", "sessions"] }),
  ...toKeyConfig("single", { runsMax: 1 }),
  ...toKeyConfig("free"),
  ...toKeyConfig("counted", budget),
  ...toKeyConfig("failing", budget),
  ...toKeyConfig("leaving", budget),
  ...toKeyConfig("spent", budget),
  ...toKeyConfig("sdk-scope", { scopes: ["metrics"] }),
  ...toKeyConfig("sdk-agent", { agents: ["beta"] }),
  ...toKeyConfig("sdk-rate", { requestsPerMinute: 1 }),
  ...toKeyConfig("sdk-tokens", { tokensPerDay: 1 }),
};
const embedded = { api: "embedded", directives: true };
const config = {
  gateway: { auth: { keys }, http: { endpoints: { sessions: { enabled: true } } } },
  models: { providers: { other: embedded } },
};
const test = createGatewayTest({ config });

const pick = (headers: Headers, pattern: RegExp): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => pattern.test(name)));
const spend = (total: number): string => `@@usage prompt=${total - 1} completion=1\n@@echo ok`;

async function remaining(gateway: SharedGateway, name: string): Promise<number> {
  const { status, headers } = await say(withKey(gateway, name), spend(1));
  expect(status).toBe(200);
  return Number(headers.get("x-ratelimit-remaining-tokens"));
}

test("each answer says how many requests are left, and one too many is 429 with the time to wait", async ({
  gateway,
}) => {
  const slow = withKey(gateway, "slow");
  for (const left of ["2", "1", "0"]) {
    const { status, headers } = await say(slow, "@@echo hi", { body: { stream: left === "1" } });
    expect(status).toBe(200);
    expect(pick(headers, /^x-ratelimit/)).toEqual({
      "x-ratelimit-limit-requests": "3",
      "x-ratelimit-remaining-requests": left,
      "x-ratelimit-reset-requests": expect.stringMatching(/^(1m0s|5\ds)$/),
    });
  }
  const { status, headers, error } = await say(slow, "@@echo hi");
  expect({ status, code: error?.code, type: error?.type }).toEqual({
    status: 429,
    code: "rate_limit_exceeded",
    type: "rate_limit_error",
  });
  expect(Number(headers.get("retry-after"))).toBeGreaterThan(30);
  expect(Number(headers.get("retry-after"))).toBeLessThanOrEqual(60);
  expect(headers.get("x-ratelimit-remaining-requests")).toBe("0");
  expect((await say(withKey(gateway, "free"), "@@echo hi")).status).toBe(200);
  expect(await gateway.gateway.metrics.toText()).toMatch(
    /^clawgate_key_refusals_total\{key="slow",limit="requestsPerMinute"\} 1$/m,
  );
});

test("every operation counts, and a request is refused before its body is looked at", async ({ gateway }) => {
  const { request } = withKey(gateway, "few");
  expect((await request("/v1/sessions")).status).toBe(200);
  for (const path of ["/v1/sessions", "/v1/models", "/v1/sessions/x"]) expect((await request(path)).status).toBe(429);
  const init = { method: "POST", headers: { "content-type": "text/plain" }, body: "{" };
  expect((await request("/v1/chat/completions", init)).status).toBe(429);
});

test("who has no limit is told of none", async ({ gateway }) => {
  for (const caller of [gateway, withKey(gateway, "free")]) {
    expect(pick((await say(caller, "@@echo hi")).headers, /^x-ratelimit/)).toEqual({});
  }
});

test("one run too many is 429, and there is room again when one ends or is left", async ({ gateway }) => {
  const single = withKey(gateway, "single");
  const held = await hold(single);
  for (const stream of [false, true]) {
    const { status, headers, error } = await say(single, "@@echo hi", { body: { stream } });
    expect({ status, code: error?.code }).toEqual({ status: 429, code: "rate_limit_exceeded" });
    expect(headers.get("retry-after")).toBe("1");
  }
  expect((await say(gateway, "@@echo hi")).status).toBe(200);
  await held.leave();
  await untilLive(gateway, 0);
  for (let count = 0; count < 3; count++) expect((await say(single, "@@echo hi")).status).toBe(200);
  expect((await say(single, "@@fail code=upstream_error")).status).toBe(502);
  expect((await say(single, "@@echo hi")).status).toBe(200);
});

test("a day's tokens count down by the usage of each run, and when they are spent runs are refused", async ({
  gateway,
}) => {
  const spent = withKey(gateway, "spent");
  const first = await say(spent, spend(400));
  expect(pick(first.headers, /tokens$/)).toEqual({
    "x-ratelimit-limit-tokens": "1000",
    "x-ratelimit-remaining-tokens": "600",
    "x-ratelimit-reset-tokens": expect.stringMatching(/^(\d+h)?(\d+m)?\d+s$|^\d+ms$/),
  });
  // A run that has begun is not cut off.
  expect((await say(spent, spend(700), { body: { stream: true } })).status).toBe(200);
  const { status, headers, error } = await say(spent, "@@echo hi");
  expect({ status, code: error?.code, type: error?.type }).toEqual({
    status: 429,
    code: "insufficient_quota",
    type: "insufficient_quota",
  });
  expect(pick(headers, /^retry-after$|should-retry|remaining/)).toEqual({
    "retry-after": "60",
    "x-should-retry": "false",
    "x-ratelimit-remaining-tokens": "0",
  });
});

test("a failed run's tokens count too, as far as the model said or one can tell", async ({ gateway }) => {
  const failing = withKey(gateway, "failing");
  expect((await say(failing, "@@fail code=upstream_error")).status).toBe(502);
  const before = await remaining(gateway, "failing");
  const words = "@@words 40\n@@cut after=30";
  await say(failing, words, { body: { stream: true } });
  expect(before - (await remaining(gateway, "failing"))).toBeGreaterThanOrEqual(30);
});

test("whoever leaves before the end pays for what was said, and for the question", async ({ gateway }) => {
  const leaving = withKey(gateway, "leaving");
  const before = await remaining(gateway, "leaving");
  const question = "word ".repeat(200);
  const body = {
    messages: [
      { role: "user", content: question },
      { role: "user", content: "@@echo holding\n@@hang" },
    ],
  };
  const held = await hold(leaving, { body });
  await held.leave();
  await untilLive(gateway, 0);
  expect(before - (await remaining(gateway, "leaving"))).toBeGreaterThanOrEqual(200);
});

test("what was spent today is known after a restart", async () => {
  const first = await startTestGateway({ config });
  await say(withKey(first, "counted"), spend(900));
  await first.stop();
  const second = await startTestGateway({ config, stateFolder: first.stateFolder });
  const { headers } = await say(withKey(second, "counted"), spend(20));
  expect(headers.get("x-ratelimit-remaining-tokens")).toBe("80");
  await second.stop();
});

test("a reload brings keys and takes them, and what was used goes on to count", async () => {
  const withKeys = (auth: object): object => ({ gateway: { auth: { keys: auth } } });
  const limits = { requestsPerMinute: 3, ...budget };
  const started = await startTestGateway({
    config: withKeys({ ...toKeyConfig("stays", limits), ...toKeyConfig("goes") }),
  });
  const status = async (name: string): Promise<number> => (await say(withKey(started, name), spend(100))).status;
  const held = await hold(withKey(started, "goes"));
  expect([await status("stays"), await status("goes"), await status("comes")]).toEqual([200, 200, 401]);
  await started.reload(withKeys({ ...toKeyConfig("stays", { ...limits, runsMax: 1 }), ...toKeyConfig("comes") }));
  expect([await status("goes"), await status("comes")]).toEqual([401, 200]);
  const { headers } = await say(withKey(started, "stays"), spend(100));
  expect(pick(headers, /remaining/)).toEqual({
    "x-ratelimit-remaining-requests": "1",
    "x-ratelimit-remaining-tokens": "800",
  });
  await held.leave();
});

test.for(sdks)("SDK $major throws what its users catch", async (sdk, { gateway }) => {
  const { errors } = sdk;
  const call = (name: string): Promise<unknown> => {
    const options = { baseURL: gateway.baseUrl, apiKey: toSecret(name), maxRetries: 0, logLevel: "off" } as const;
    const messages = [{ role: "user" as const, content: "@@echo hi" }];
    return sdk.createClient(options).chat.completions.create({ model: "openclaw/main", messages });
  };
  const scope = await rejection(call("sdk-scope"), errors.PermissionDeniedError);
  expect(scope).toMatchObject({ status: 403, code: "insufficient_scope" });
  const agent = await rejection(call("sdk-agent"), errors.PermissionDeniedError);
  expect(agent).toMatchObject({ status: 403, code: "agent_not_allowed" });
  await call("sdk-tokens").catch(() => undefined);
  const tokens = await rejection(call("sdk-tokens"), errors.RateLimitError);
  expect(tokens).toMatchObject({ status: 429, code: "insufficient_quota" });
  await call("sdk-rate").catch(() => undefined);
  const rate = await rejection(call("sdk-rate"), errors.RateLimitError);
  expect(rate).toMatchObject({ status: 429, code: "rate_limit_exceeded" });
});
