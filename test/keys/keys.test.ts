import { expect } from "vitest";
import { createGatewayTest } from "../gateway.fixture.ts";
import { toDigest, toKeyConfig, toSecret, withKey } from "../keys.fixture.ts";
import { say } from "../talk.fixture.ts";

const all = ["chat", "sessions", "metrics"];
const keys = {
  ...toKeyConfig("plain"),
  ...toKeyConfig("all", { scopes: all }),
  ...toKeyConfig("sessions", { scopes: ["sessions"] }),
  ...toKeyConfig("metrics", { scopes: ["metrics"] }),
  ...toKeyConfig("beta", { agents: ["beta"] }),
  ...toKeyConfig("second", { models: ["other/assistant"] }),
  ...toKeyConfig("old", { expires: "2020-01-01" }),
  ...toKeyConfig("upper", { sha256: toDigest("upper").toUpperCase() }),
};

const embedded = { api: "embedded", directives: true };
const test = createGatewayTest({
  config: {
    gateway: { auth: { keys }, http: { endpoints: { sessions: { enabled: true } } } },
    models: { providers: { other: embedded } },
    agents: {
      aliases: { "gpt-4o": "beta", "gpt-4": "main" },
      list: [
        { id: "main", default: true },
        { id: "beta" },
        { id: "gamma", model: { primary: "embedded/assistant", fallbacks: ["other/assistant"] } },
      ],
    },
  },
});

const modelIds = async (response: Response): Promise<string[]> =>
  ((await response.json()) as { data: { id: string }[] }).data.map(({ id }) => id);

test("a key works as the token does, whatever the case of its digest", async ({ gateway }) => {
  for (const name of ["plain", "upper"]) {
    expect(await say(withKey(gateway, name), "@@echo hello")).toMatchObject({ status: 200, text: "hello" });
  }
  expect(await say(gateway, "@@echo hello")).toMatchObject({ status: 200, text: "hello" });
});

test("what is no key is 401, and nothing tells that there are keys", async ({ gateway }) => {
  const bodies = new Set<string>();
  for (const wrong of [
    toSecret("none"),
    `${toSecret("plain")}x`,
    toSecret("plain").slice(0, -1),
    toDigest("plain"),
    "plain",
  ]) {
    const response = await gateway.request("/v1/models", { headers: { authorization: `Bearer ${wrong}` } });
    expect(response.status).toBe(401);
    bodies.add(await response.text());
  }
  expect(bodies.size).toBe(1);
});

const doors = [
  { scope: "chat", method: "GET", path: "/v1/models", good: 200 },
  { scope: "chat", method: "GET", path: "/v1/models/openclaw", good: 200 },
  { scope: "chat", method: "POST", path: "/v1/chat/completions", good: 400 },
  { scope: "chat", method: "POST", path: "/v1/responses", good: 404 },
  { scope: "sessions", method: "GET", path: "/v1/sessions", good: 200 },
  { scope: "sessions", method: "GET", path: "/v1/sessions/x", good: 404 },
  { scope: "sessions", method: "GET", path: "/v1/sessions/x/messages", good: 404 },
  { scope: "sessions", method: "POST", path: "/v1/sessions/x/reset", good: 404 },
  { scope: "sessions", method: "DELETE", path: "/v1/sessions/x", good: 404 },
  { scope: "metrics", method: "GET", path: "/metrics", good: 200 },
] as const;

test("an operation answers keys of its scope, and others with 403 that names the scope", async ({ gateway }) => {
  const holders = { plain: ["chat"], all, sessions: ["sessions"], metrics: ["metrics"] };
  for (const [name, scopes] of Object.entries(holders)) {
    for (const { scope, method, path, good } of doors) {
      const init =
        method === "POST" ? { method, headers: { "content-type": "application/json" }, body: "{}" } : { method };
      const response = await withKey(gateway, name).request(path, init);
      const place = `${name}: ${method} ${path}`;
      if (scopes.includes(scope)) expect(response.status, place).toBe(good);
      else {
        expect(response.status, place).toBe(403);
        const challenge = `Bearer realm="clawgate", error="insufficient_scope", scope="${scope}"`;
        expect(response.headers.get("www-authenticate")).toBe(challenge);
        expect(await response.json()).toMatchObject({
          error: { code: "insufficient_scope", type: "invalid_request_error", param: null },
        });
      }
    }
  }
});

test("scopes that a caller gives itself are none", async ({ gateway }) => {
  const claims = {
    "x-openclaw-scopes": "operator.admin",
    "x-clawgate-scopes": "metrics, admin",
    "x-openclaw-role": "operator",
    scope: "metrics",
  };
  const { request } = withKey(gateway, "plain");
  for (const path of ["/metrics", "/v1/sessions"]) {
    for (const query of ["", "?scope=metrics&scopes=sessions&role=operator"]) {
      expect((await request(`${path}${query}`, { headers: claims })).status, path + query).toBe(403);
    }
  }
});

test("what is missing is missing for every key, before its scopes are looked at", async ({ gateway }) => {
  const { request } = withKey(gateway, "metrics");
  expect((await request("/v1/nothing")).status).toBe(404);
  expect((await request("/v1/models", { method: "DELETE" })).status).toBe(405);
});

test("a key lists and runs the agents that it may use, the first of them by default", async ({ gateway }) => {
  const beta = withKey(gateway, "beta");
  expect(await modelIds(await beta.request("/v1/models"))).toEqual([
    "openclaw",
    "openclaw/default",
    "openclaw/beta",
    "gpt-4o",
  ]);
  for (const model of ["openclaw", "openclaw/default", "openclaw:beta", "agent:beta", "gpt-4o"]) {
    expect(await say(beta, "@@agent", { body: { model } }), model).toMatchObject({ status: 200, text: "beta" });
  }
  expect(await say(gateway, "@@agent")).toMatchObject({ text: "main" });
});

test("an agent that it may not use is 403, however it is named, and one that does not exist stays 404", async ({
  gateway,
}) => {
  const beta = withKey(gateway, "beta");
  const ways = [
    { body: { model: "openclaw/main" } },
    { body: { model: "openclaw:gamma" } },
    { body: { model: "gpt-4" } },
    { headers: { "x-openclaw-agent-id": "main" } },
    { headers: { "x-openclaw-session-key": "agent:main:mine" } },
  ];
  for (const way of ways) {
    for (const stream of [false, true]) {
      const { status, error } = await say(beta, "@@agent", { ...way, body: { ...way.body, stream } });
      expect({ status, code: error?.code }, JSON.stringify(way)).toEqual({ status: 403, code: "agent_not_allowed" });
      expect(error?.message).toMatch(/'beta'/);
    }
  }
  expect((await beta.request("/v1/models/openclaw%2Fmain")).status).toBe(403);
  const { status, error } = await say(beta, "@@agent", { body: { model: "openclaw/nobody" } });
  expect({ status, code: error?.code }).toEqual({ status: 404, code: "model_not_found" });
  expect(error?.message).not.toMatch(/main|gamma/);
});

test("a key's runs use the models that it may, and an agent without any is none of its own", async ({ gateway }) => {
  const second = withKey(gateway, "second");
  expect(await modelIds(await second.request("/v1/models"))).toEqual([
    "openclaw",
    "openclaw/default",
    "openclaw/gamma",
  ]);
  const { agentId, headers } = await say(second, "@@agent");
  expect({ agentId, model: headers.get("x-clawgate-model") }).toEqual({ agentId: "gamma", model: "other/assistant" });
  expect((await say(second, "@@agent", { body: { model: "openclaw/main" } })).error?.code).toBe("agent_not_allowed");
  const own = await say(gateway, "@@agent", { body: { model: "openclaw/gamma" } });
  expect(own.headers.get("x-clawgate-model")).toBe("embedded/assistant");
});

test("a key that has ended is 401, and only its holder is told so", async ({ gateway }) => {
  const response = await withKey(gateway, "old").request("/v1/models");
  expect(response.status).toBe(401);
  expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/);
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  expect(error).toMatchObject({ code: "invalid_api_key", message: expect.stringMatching(/'old'.*2020-01-01T00:00/) });
});

test("the log and the metrics say whose request and run it was; of the operator only the metrics", async ({
  gateway,
}) => {
  const failing = "@@fail code=upstream_error";
  await say(withKey(gateway, "plain"), failing);
  await say(gateway, failing);
  await withKey(gateway, "old").request("/v1/models");
  const lines = gateway.log.filter(({ msg }) => msg === "request" || msg === "model failed");
  expect(lines.map(({ msg, key }) => [msg, key])).toEqual([
    ["model failed", "plain"],
    ["request", "plain"],
    ["model failed", undefined],
    ["request", undefined],
    ["request", "old"],
  ]);
  const text = await gateway.gateway.metrics.toText();
  for (const key of ["plain", "operator"]) {
    expect(text).toMatch(new RegExp(`^clawgate_runs_total\\{.*outcome="failed",key="${key}"\\} \\d`, "m"));
    expect(text).toMatch(new RegExp(`^clawgate_runs_live\\{agent="main",key="${key}"\\} 0$`, "m"));
  }
});
