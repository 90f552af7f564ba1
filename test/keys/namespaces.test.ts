import fc from "fast-check";
import { expect } from "vitest";
import type { Session } from "../../src/base/contract.ts";
import { createGatewayTest, type SharedGateway } from "../gateway.fixture.ts";
import { toKeyConfig, withKey } from "../keys.fixture.ts";
import type { List } from "../session/rest.fixture.ts";
import { say, seen, type Ask } from "../talk.fixture.ts";

const scopes = ["chat", "sessions"];
const test = createGatewayTest({
  config: {
    gateway: {
      auth: {
        keys: {
          ...toKeyConfig("ada", { scopes }),
          ...toKeyConfig("bob", { scopes }),
          ...toKeyConfig("shared", { scopes, sessions: "shared" }),
          ...toKeyConfig("shared-beta", { scopes, sessions: "shared", agents: ["beta"] }),
          ...toKeyConfig("admin", { scopes: [...scopes, "admin"] }),
        },
      },
      http: { endpoints: { sessions: { enabled: true } } },
    },
  },
});

const toPath = (key: string, rest = ""): string => `/v1/sessions/${encodeURIComponent(key)}${rest}`;
const withUser = (user: string): Ask => ({ body: { user } });

async function listSessions({ request }: SharedGateway, query = ""): Promise<List<Session>> {
  const response = await request(`/v1/sessions?limit=100${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as List<Session>;
}

const listIds = async (gateway: SharedGateway, query?: string): Promise<string[]> =>
  (await listSessions(gateway, query)).data.map(({ id }) => id).toSorted();

test("keys with sessions of their own remember the same user and session key apart", async ({ gateway }) => {
  const callers = [gateway, withKey(gateway, "ada"), withKey(gateway, "bob")];
  const ways: readonly Ask[] = [withUser("same"), { headers: { "x-openclaw-session-key": "same" } }];
  for (const way of ways) {
    const shown = await Promise.all(
      callers.map(async (caller, index) => (await say(caller, `I am ${index}`, way)).sessionKey),
    );
    expect(new Set(shown).size).toBe(1);
    for (const [index, caller] of callers.entries()) {
      const lines = await seen(caller, way);
      expect(lines.filter((line) => line.startsWith("user: I am"))).toEqual([`user: I am ${index}`]);
    }
  }
});

const touches = [
  { method: "GET", rest: "" },
  { method: "GET", rest: "/messages" },
  { method: "POST", rest: "/reset" },
  { method: "DELETE", rest: "" },
] as const;

test("another's session answers as one that does not exist, with the same bytes, and stays as it is", async ({
  gateway,
}) => {
  const [ada, bob] = [withKey(gateway, "ada"), withKey(gateway, "bob")];
  await say(ada, "hi", withUser("secret"));
  await say(gateway, "hi", withUser("operators"));
  const targets = [
    { caller: bob, key: "agent:main:openai-user:secret" },
    { caller: bob, key: "key:ada:agent:main:openai-user:secret" },
    { caller: bob, key: "agent:main:openai-user:operators" },
    { caller: withKey(gateway, "shared"), key: "key:ada:agent:main:openai-user:secret" },
    { caller: withKey(gateway, "shared-beta"), key: "agent:main:openai-user:operators" },
  ];
  for (const { caller, key } of targets) {
    for (const { method, rest } of touches) {
      const missing = `${key.slice(0, -1)}X`;
      const answers = await Promise.all(
        [key, missing].map(async (asked) => {
          const { status, headers, text } = await read(await caller.request(toPath(asked, rest), { method }));
          headers.delete("x-request-id");
          headers.delete("date");
          return { status, headers: [...headers], text: text.replaceAll(asked, "KEY") };
        }),
      );
      expect(answers[0], `${method} ${key}${rest}`).toEqual(answers[1]);
      expect(answers[0]?.status).toBe(404);
    }
    const after = await caller.request(`/v1/sessions?after=${encodeURIComponent(key)}`);
    expect(after.status).toBe(400);
  }
  expect((await ada.request(toPath("agent:main:openai-user:secret"))).status).toBe(200);
  expect((await gateway.request(toPath("agent:main:openai-user:operators"))).status).toBe(200);
});

async function read(response: Response): Promise<{ status: number; headers: Headers; text: string }> {
  return { status: response.status, headers: new Headers(response.headers), text: await response.text() };
}

test("a shared key has the operator's sessions, of the agents that it may use", async ({ gateway }) => {
  const [shared, beta] = [withKey(gateway, "shared"), withKey(gateway, "shared-beta")];
  await say(gateway, "the word is boat", { body: { user: "both", model: "openclaw/beta" } });
  await say(gateway, "hi", { body: { user: "both", model: "openclaw/main" } });
  for (const caller of [shared, beta]) {
    expect(await seen(caller, { body: { user: "both", model: "openclaw/beta" } })).toContain("user: the word is boat");
  }
  const own = await listIds(gateway);
  expect(await listIds(shared)).toEqual(own);
  expect(await listIds(beta)).toEqual(own.filter((id) => id.startsWith("agent:beta:")));
  expect(await listIds(beta, "&agent=main")).toEqual([]);
  expect(own.filter((id) => id.startsWith("key:"))).toEqual([]);
});

test("the operator and an admin list and delete what a key has for itself, and nobody else does", async ({
  gateway,
}) => {
  const ada = withKey(gateway, "ada");
  await say(ada, "hi", withUser("gone"));
  const stored = "key:ada:agent:main:openai-user:gone";
  for (const caller of [gateway, withKey(gateway, "admin")]) {
    const { data } = await listSessions(caller, "&key=ada");
    expect(data).toContainEqual(expect.objectContaining({ id: stored, agent_id: "main" }));
    expect((await caller.request(toPath(stored, "/messages"))).status).toBe(200);
  }
  expect((await ada.request("/v1/sessions?key=ada")).status).toBe(403);
  expect((await ada.request("/v1/sessions?key=bob")).status).toBe(403);
  expect((await withKey(gateway, "admin").request(toPath(stored), { method: "DELETE" })).status).toBe(200);
  expect((await ada.request(toPath("agent:main:openai-user:gone"))).status).toBe(404);
});

test("a page of a key's own sessions goes on where the one before ended", async ({ gateway }) => {
  const bob = withKey(gateway, "bob");
  for (const user of ["p1", "p2", "p3"]) await say(bob, "hi", withUser(user));
  const found: string[] = [];
  for (let after = ""; ;) {
    const page = (await (await bob.request(`/v1/sessions?limit=1${after}`)).json()) as List<Session>;
    found.push(...page.data.map(({ id }) => id));
    if (!page.has_more) break;
    after = `&after=${encodeURIComponent(page.last_id ?? "")}`;
  }
  expect(found.toSorted()).toEqual(await listIds(bob));
  expect(found).toEqual(expect.arrayContaining(["p3", "p2", "p1"].map((user) => `agent:main:openai-user:${user}`)));
});

/** What each caller has in each session: the model that the gateway is held against. */
type Memory = Map<string, string[]>;

test("whatever two keys and the operator do in turn, nobody sees or changes what is another's", async ({ gateway }) => {
  const callers = { operator: gateway, ada: withKey(gateway, "ada"), bob: withKey(gateway, "bob") };
  const who = fc.constantFrom(...(["operator", "ada", "bob"] as const));
  const user = fc.constantFrom("x", "agent:main:openai-user:x", "key:ada:agent:main:openai-user:x", "x/../y");
  const step = fc.record({ who, user, act: fc.constantFrom("say", "say", "look", "reset", "delete") });
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
      round += 1;
      const memory: Memory = new Map();
      for (const [index, { who: name, user: text, act }] of steps.entries()) {
        const caller = callers[name];
        const own = `${round} ${text}`;
        const place = `${name} ${own}`;
        const path = toPath(`agent:main:openai-user:${own}`);
        const known = memory.get(place);
        if (act === "say") {
          const said = `${index} of ${name}`;
          const lines = await seen(caller, { ...withUser(own) }).then(async (before) => {
            await say(caller, said, withUser(own));
            return before.filter((line) => /^user: \d+ of /.test(line));
          });
          expect(lines).toEqual((known ?? []).map((line) => `user: ${line}`));
          memory.set(place, [...(known ?? []), said]);
        } else if (act === "look") {
          const { status, text: body } = await read(await caller.request(`${path}/messages`));
          expect(status).toBe(known === undefined ? 404 : 200);
          for (const line of known ?? []) expect(body).toContain(line);
          for (const other of ["operator", "ada", "bob"].filter((one) => one !== name))
            expect(body).not.toContain(` of ${other}`);
        } else if (act === "reset") {
          const { status } = await caller.request(`${path}/reset`, { method: "POST" });
          expect(status).toBe(known === undefined ? 404 : 200);
          if (known !== undefined) memory.set(place, []);
        } else {
          expect((await caller.request(path, { method: "DELETE" })).status).toBe(known === undefined ? 404 : 200);
          memory.delete(place);
        }
      }
    }),
    { numRuns: 12 },
  );
});
