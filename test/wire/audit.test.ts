import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { AuditRecord } from "../../src/base/audit/audit.ts";
import { misbehave } from "../../src/tool/mcp/tool-servers.fixture.ts";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { ada, toPath } from "../session/rest.fixture.ts";
import { say } from "../talk.fixture.ts";

const config = {
  gateway: { http: { endpoints: { sessions: { enabled: true } } } },
  mcp: { servers: { fixture: misbehave("plain") } },
  agents: { list: [{ id: "main", default: true, tools: { fixture: ["*"] } }, { id: "beta" }] },
};

type Written = AuditRecord & { readonly time: string };

function read({ stateFolder }: TestGateway): Written[] {
  const text = readFileSync(join(stateFolder, "audit.jsonl"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Written);
}

const withoutTime = ({ time, ...record }: Written): object => {
  expect(new Date(time).toISOString()).toBe(time);
  return record;
};

async function guess({ url, fetch }: TestGateway, token: string): Promise<string | null> {
  const answer = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(401);
  return answer.headers.get("x-request-id");
}

test("what somebody may have to account for is written before it is seen, and neither secrets nor words are", async () => {
  const gateway = await startTestGateway({ config });
  const requestId = await guess(gateway, "a-wrong-token-somebody-tries");
  const client = { address: "127.0.0.1", key: "operator" };
  const refused = { event: "sign-in", outcome: "refused", address: "127.0.0.1" };
  expect(read(gateway).map(withoutTime)).toEqual([
    { event: "start", outcome: "done", url: gateway.url },
    { ...refused, requestId },
  ]);
  await Promise.all(Array.from({ length: 200 }, () => guess(gateway, "another-token-somebody-tries")));

  const body = { user: "ada" };
  const told = await say(gateway, '@@tool fixture__say {"text":"a secret word"}\n@@then {result}', { body });
  expect(told.text).toBe("a secret word");
  const call = { event: "tool-call", agent: "main", key: "operator", session: ada, server: "fixture", tool: "say" };
  const ids = { runId: expect.stringMatching(/^run_/) as string, requestId: told.headers.get("x-request-id") };
  expect(read(gateway).slice(2).map(withoutTime)).toEqual([
    { ...call, ...ids, outcome: "begun" },
    { ...call, ...ids, outcome: "done" },
  ]);

  const reset = await gateway.request(toPath(ada, "/reset"), { method: "POST" });
  const erased = await gateway.request(toPath(ada), { method: "DELETE" });
  expect(read(gateway).slice(4).map(withoutTime)).toEqual(
    [reset, erased].map(({ headers }, index) => {
      const event = ["session-reset", "session-delete"][index];
      return { event, outcome: "done", ...client, session: ada, requestId: headers.get("x-request-id") };
    }),
  );
  await gateway.reload({ ...config, gateway: { ...config.gateway, drainMs: 3000 } }, "other-token-0123456789abcdef");
  await gateway.stop();
  expect(read(gateway).slice(6).map(withoutTime)).toEqual([
    { ...refused, count: 200 },
    { event: "configuration-change", outcome: "done", changed: ["gateway.drainMs"] },
    { event: "stop", outcome: "done" },
  ]);
  const path = join(gateway.stateFolder, "audit.jsonl");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, "utf8")).not.toMatch(/secret word|token/);
});

test("it can be switched off, and on again", async () => {
  const gateway = await startTestGateway({ config: { gateway: { audit: { enabled: false } } } });
  await guess(gateway, "a-wrong-token-somebody-tries");
  expect(existsSync(join(gateway.stateFolder, "audit.jsonl"))).toBe(false);
  await gateway.reload({});
  expect(read(gateway)).toMatchObject([{ event: "configuration-change", changed: ["gateway.audit.enabled"] }]);
});

test("a file that cannot be written is a mistake of the configuration, and later an error in the log", async () => {
  const gateway = await startTestGateway({
    config: { gateway: { audit: { bytesMax: 4096, keep: 1 } } },
    expectErrors: true,
  });
  await expect(gateway.reload({ gateway: { audit: { file: "/dev/null/audit" } } })).rejects.toThrow(
    "gateway.audit.file",
  );
  // What the next file of the row is named after cannot be replaced.
  mkdirSync(join(gateway.stateFolder, "audit.jsonl.1/full"), { recursive: true });
  for (let index = 0; index < 80; index++) gateway.gateway.audit.record({ event: "start", outcome: "done" });
  const failed = gateway.log.filter(({ msg }) => msg === "audit record not written");
  expect(failed[0]).toMatchObject({ level: 50, record: { event: "start" } });
  rmSync(join(gateway.stateFolder, "audit.jsonl.1"), { recursive: true });
  gateway.gateway.audit.record({ event: "stop", outcome: "done" });
  expect(read(gateway)).toMatchObject([{ event: "stop" }]);
});

test("a lock is a record beside the refusals that led to it", async () => {
  const gateway = await startTestGateway({ config: { gateway: { auth: { limit: { failures: 3 } } } } });
  const statuses: number[] = [];
  for (let index = 0; index < 6; index++) {
    const headers = { authorization: `Bearer a-wrong-token-somebody-tries-${index}` };
    // oxlint-disable-next-line no-await-in-loop -- the third locks
    statuses.push((await gateway.fetch(`${gateway.url}/v1/models`, { headers })).status);
  }
  expect(new Set(statuses)).toEqual(new Set([401, 429]));
  const address = "127.0.0.1";
  expect(read(gateway).filter(({ event }) => event === "lockout")).toMatchObject([{ outcome: "done", address }]);
  await gateway.stop();
  const refusals = read(gateway).filter(({ event }) => event === "sign-in");
  expect(refusals).toMatchObject([
    { outcome: "refused", address },
    { outcome: "refused", address, count: 5 },
  ]);
});
