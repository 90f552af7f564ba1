import { describe, expect } from "vitest";
import { startTestGateway, test } from "../gateway.fixture.ts";
import { countRows } from "../rows.fixture.ts";
import { say, seen, type Ask } from "../talk.fixture.ts";

const user = (name: string, model = "openclaw"): Ask => ({ body: { user: name, model } });
const header = (key: string, body: object = {}): Ask => ({ body, headers: { "x-openclaw-session-key": key } });

describe("a call without user and key", () => {
  test("knows nothing of the one before, and has a key of its own", async ({ gateway }) => {
    const { sessionKey } = await say(gateway, "The secret is blue.");
    const next = await say(gateway, "@@messages");
    expect(next.text).toBe('[{"role":"user","content":"@@messages"}]');
    for (const key of [sessionKey, next.sessionKey]) expect(key).toMatch(/^agent:main:openai:[0-9a-f-]{36}$/);
    expect(next.sessionKey).not.toBe(sessionKey);
  });

  test("leaves nothing in the store, whole or streamed, well or badly ended", async () => {
    const gateway = await startTestGateway();
    await say(gateway, "Of a session.", user("ada"));
    const before = countRows(gateway.stateFolder);
    expect(before).toEqual({ sessions: 1, messages: 2, leases: 0 });
    for (const text of ["plain", "@@fail", "@@echo a\n@@fail", "@@nonsense"]) {
      for (const stream of [false, true]) await say(gateway, text, { body: { stream } });
    }
    await say(gateway, "an empty user is none", user(""));
    expect(countRows(gateway.stateFolder)).toEqual(before);
  });
});

const pairs: readonly { readonly name: string; readonly one: Ask; readonly other: Ask; readonly shared: boolean }[] = [
  { name: "the same user", one: user("ada"), other: user("ada"), shared: true },
  { name: "another user", one: user("ada"), other: user("bob"), shared: false },
  { name: "Alice and alice", one: user("Alice"), other: user("alice"), shared: false },
  { name: "é composed and decomposed", one: user("\u00e9"), other: user("e\u0301"), shared: false },
  { name: "a user with a space behind", one: user("ada"), other: user("ada "), shared: false },
  { name: "a user and its percent-encoding", one: user("\u00e9"), other: user("%C3%A9"), shared: false },
  { name: "no user and an empty one", one: user(""), other: user(""), shared: false },
  { name: "one user, two agents", one: user("ada"), other: user("ada", "openclaw/beta"), shared: false },
  { name: "one user, one agent by two names", one: user("ada"), other: user("ada", "agent:main"), shared: true },
  { name: "the same key", one: header("k"), other: header("k"), shared: true },
  { name: "one key, two agents", one: header("k"), other: header("k", { model: "agent:beta" }), shared: false },
  { name: "a key without and with its agent", one: header("k"), other: header("agent:main:k"), shared: true },
  { name: "a key and its agent's other", one: header("agent:beta:k"), other: header("k"), shared: false },
  { name: "a key and a user of that name", one: header("k"), other: user("k"), shared: false },
  { name: "a user named as a key", one: header("k"), other: user("agent:main:k"), shared: false },
  { name: "a user named as a user's session", one: user("ada"), other: user("openai-user:ada"), shared: false },
  { name: "a key over two users", one: header("k", { user: "a" }), other: header("k", { user: "b" }), shared: true },
  { name: "a user with and without a key", one: header("k", { user: "a" }), other: user("a"), shared: false },
  { name: "an empty key and the user", one: header("", { user: "ada" }), other: user("ada"), shared: true },
];
describe("what one call told, another knows exactly where both have one session", () => {
  test.for(pairs)("$name: $shared", async ({ name, one, other, shared }, { gateway }) => {
    const secret = `The secret is ${name}.`;
    const { sessionKey } = await say(gateway, secret, one);
    const found = await say(gateway, "@@messages", other);
    expect(found.text.includes(secret)).toBe(shared);
    if (shared) expect(found.sessionKey).toBe(sessionKey);
  });
});

test("the answer names the session in visible ASCII", async ({ gateway }) => {
  expect((await say(gateway, "hi", user("ada"))).sessionKey).toBe("agent:main:openai-user:ada");
  expect((await say(gateway, "hi", user("é\u2028x"))).sessionKey).toBe("agent:main:openai-user:%C3%A9%E2%80%A8x");
  expect((await say(gateway, "hi", header("agent:beta:two words"))).sessionKey).toBe("agent:beta:two words");
});

test("a key that names an agent selects it", async ({ gateway }) => {
  for (const model of ["openclaw", "openclaw/default", "agent:beta"]) {
    const { text, agentId } = await say(gateway, "@@agent", header("agent:beta:x", { model }));
    expect({ model, text, agentId }).toEqual({ model, text: "beta", agentId: "beta" });
  }
  const both = { "x-openclaw-session-key": "agent:beta:x", "x-openclaw-agent-id": "beta" };
  expect(await seen(gateway, { body: { model: "agent:main" }, headers: both })).toHaveLength(7);
});

const key = "x-openclaw-session-key";
const refused: readonly { readonly name: string; readonly ask: Ask; readonly status: number; readonly code: string }[] =
  [
    ...[
      "subagent:x",
      "cron:x",
      "acp:x",
      "hook:x",
      "openai:x",
      "openai-user:ada",
      "OpenAI-User:ada",
      "openai-chat:c",
    ].flatMap((name) => [
      { name, ask: header(name), status: 400, code: "invalid_session_key" },
      { name: `agent:main:${name}`, ask: header(`agent:main:${name}`), status: 400, code: "invalid_session_key" },
    ]),
    { name: "a key that is too long", ask: header("k".repeat(257)), status: 400, code: "invalid_session_key" },
    { name: "no key behind the agent", ask: header("agent:main:"), status: 400, code: "invalid_session_key" },
    { name: "a key beyond ASCII", ask: header("\u00e9"), status: 400, code: "invalid_session_key" },
    { name: "an unknown agent", ask: header("agent:nobody:x"), status: 404, code: "model_not_found" },
    {
      name: "another model",
      ask: header("agent:beta:x", { model: "agent:main" }),
      status: 400,
      code: "agent_conflict",
    },
    {
      name: "another agent's header",
      ask: { headers: { [key]: "agent:beta:x", "x-openclaw-agent-id": "main" } },
      status: 400,
      code: "agent_conflict",
    },
  ];
test("a key that is reserved, malformed or contradicted is refused, and makes no session", async () => {
  const gateway = await startTestGateway();
  for (const { name, ask, status, code } of refused) {
    for (const stream of [false, true]) {
      const answer = await say(gateway, "hi", { ...ask, body: { ...ask.body, stream } });
      const got = { status: answer.status, code: answer.error?.code, param: answer.error?.param };
      expect(got, name).toEqual({ status, code, param: key });
    }
  }
  expect(countRows(gateway.stateFolder).sessions).toBe(0);
});
