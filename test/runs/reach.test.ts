import { expect } from "vitest";
import type { Run } from "../../src/base/contract.ts";
import { createGatewayTest } from "../gateway.fixture.ts";
import { toKeyConfig, withKey } from "../keys.fixture.ts";
import type { List } from "../session/rest.fixture.ts";
import { untilLive } from "../talk.fixture.ts";
import { ask, codeOf, detach, type Gateway, readSome, toRunId } from "./runs.fixture.ts";

const test = createGatewayTest({
  config: {
    gateway: {
      auth: {
        keys: {
          ...toKeyConfig("ada", { scopes: ["chat"] }),
          ...toKeyConfig("bob", { scopes: ["chat", "sessions"] }),
          ...toKeyConfig("shared", { scopes: ["chat"], sessions: "shared" }),
          ...toKeyConfig("reader", { scopes: ["chat", "sessions"], sessions: "shared" }),
          ...toKeyConfig("beta", { scopes: ["chat", "sessions"], sessions: "shared", agents: ["beta"] }),
          ...toKeyConfig("admin", { scopes: ["chat", "admin"] }),
          ...toKeyConfig("meter", { scopes: ["metrics"] }),
        },
      },
    },
  },
});

async function list(gateway: Gateway, query = ""): Promise<List<Run>> {
  const response = await gateway.request(`/v1/runs?limit=100${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as List<Run>;
}

const begin = async (gateway: Gateway, user: string, more: object = {}): Promise<string> => {
  const response = await gateway.chat(...ask("@@echo a", { body: { user, ...more }, headers: detach }));
  expect(response.status).toBe(200);
  return toRunId(response);
};

test("everybody sees and ends what is theirs, and the rest is as if it was not there", async ({ gateway }) => {
  const callers = {
    operator: gateway,
    ada: withKey(gateway, "ada"),
    bob: withKey(gateway, "bob"),
    shared: withKey(gateway, "shared"),
    reader: withKey(gateway, "reader"),
    beta: withKey(gateway, "beta"),
    admin: withKey(gateway, "admin"),
  };
  const runs = {
    operator: await begin(gateway, "x"),
    ada: await begin(callers.ada, "x"),
    bob: await begin(callers.bob, "x"),
    shared: await begin(callers.shared, "x"),
    beta: await begin(callers.beta, "x", { model: "openclaw/beta" }),
  };
  const all = Object.values(runs);
  const sees: Record<keyof typeof callers, readonly string[]> = {
    operator: all,
    admin: all,
    ada: [runs.ada],
    bob: [runs.bob],
    shared: [runs.shared],
    reader: [runs.operator, runs.shared, runs.beta],
    beta: [runs.beta],
  };
  const unknown = await gateway.request("/v1/runs/run_0");
  expect(await codeOf(unknown)).toEqual([404, "run_not_found"]);
  for (const [name, want] of Object.entries(sees)) {
    const caller = callers[name as keyof typeof callers];
    const listed = (await list(caller)).data.map(({ id }) => id);
    expect([name, listed]).toEqual([name, want.toSorted().toReversed()]);
    for (const id of all) {
      const paths = [`/v1/runs/${id}`, `/v1/runs/${id}/events`, `/v1/runs/${id}/cancel`];
      const answers = await Promise.all(
        paths.map((path) => caller.request(path, { method: path.endsWith("cancel") ? "POST" : "GET" })),
      );
      expect([name, id, ...answers.map(({ status }) => status)]).toEqual([
        name,
        id,
        ...paths.map(() => (want.includes(id) ? 200 : 404)),
      ]);
      await Promise.all(answers.map((answer) => answer.text()));
    }
  }
  // A key of its own knows its session by the key that it gave; the operator by the one that the store has.
  const own = (await list(callers.ada)).data[0];
  expect([own?.session_key, own?.key]).toEqual(["agent:main:openai-user:x", "ada"]);
  const found = (await list(gateway, `&session=${encodeURIComponent("key:ada:agent:main:openai-user:x")}`)).data;
  expect(found.map(({ id }) => id)).toEqual([runs.ada]);
  expect(found[0]?.session_key).toBe("key:ada:agent:main:openai-user:x");
  expect((await list(callers.ada, "&session=agent:main:openai-user:nobody")).data).toEqual([]);
  expect(await codeOf(await withKey(gateway, "meter").request("/v1/runs"))).toEqual([403, "insufficient_scope"]);
});

test("the keys of two callers have nothing to do with each other", async ({ gateway }) => {
  const headers = { "idempotency-key": "same" };
  const ids = await Promise.all(
    [gateway, withKey(gateway, "ada"), withKey(gateway, "shared")].map(async (caller, index) =>
      toRunId(await caller.chat(...ask(`@@echo ${index}`, { headers }))),
    ),
  );
  expect(new Set(ids).size).toBe(3);
});

test("runs come in pages, the youngest first, those that nobody logs among them", async ({ gateway }) => {
  const plain = async (): Promise<[string, Response]> => {
    const response = await gateway.chat(
      ...ask("@@echo a\n@@hang", { body: { stream: true, user: crypto.randomUUID() } }),
    );
    return [toRunId(response), response];
  };
  const before = (await list(gateway)).data.map(({ id }) => id);
  const first = await begin(gateway, "pages");
  const [second, one] = await plain();
  const third = await begin(gateway, "pages");
  const [fourth, two] = await plain();
  const want = [fourth, third, second, first];
  const found: string[] = [];
  let after: string | null = null;
  while (found.length < want.length) {
    const page = (await (
      await gateway.request(`/v1/runs?limit=1${after === null ? "" : `&after=${after}`}`)
    ).json()) as List<Run>;
    expect(page.has_more).toBe(found.length + 1 < want.length + before.length);
    found.push(...page.data.map(({ id }) => id));
    after = page.last_id;
  }
  expect(found).toEqual(want);
  expect((await list(gateway, "&state=running")).data.map(({ id }) => id)).toEqual([fourth, second]);
  expect((await list(gateway, "&agent=beta")).data.every((run) => run.agent_id === "beta")).toBe(true);
  for (const response of [one, two]) await readSome(response, 1);
  await untilLive(gateway, 0);
});
