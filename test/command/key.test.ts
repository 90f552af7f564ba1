import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { createPlace, run, startCommand, usual } from "../command.fixture.ts";

const withKeys = (keys: object): object => ({ ...usual, gateway: { ...usual.gateway, auth: { keys } } });
const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();

test("a new key is printed once, with a line for the configuration that lets it in, and nothing is written", async () => {
  const { status, output, notes } = await run(createPlace(), ["key", "new", "ci-2"]);
  expect(status).toBe(0);
  const key = output.trim();
  expect(key).toMatch(/^cgk_[A-Za-z0-9_-]{43}$/);
  expect(notes).not.toContain(key);
  const [, name = "", sha256 = ""] = /^ {2}"(.*)": \{ sha256: "(.*)" \},$/m.exec(notes) ?? [];
  expect({ name, sha256 }).toEqual({ name: "ci-2", sha256: hash("sha256", key) });
  const place = createPlace({ config: withKeys({ [name]: { sha256 } }) });
  const gateway = await startCommand(place);
  const headers = { authorization: `Bearer ${key}` };
  expect((await gateway.fetch(`${gateway.url}/v1/models`, { headers })).status).toBe(200);
  await gateway.stop();
  expect((await run(createPlace(), ["key", "new", "ci-2"])).output.trim()).not.toBe(key);
});

test.each([["CI"], ["-x"], ["a_b"], ["operator"], ["x".repeat(64)]])("%s is no name for a key", async (name) => {
  const { status, output, notes } = await run(createPlace(), ["key", "new", "--", name]);
  expect({ status, output }).toEqual({ status: 2, output: "" });
  expect(notes).toContain(name);
});

test.each([[["key", "new"]], [["key", "old"]], [["key"]]])(
  "%j is answered with the usage, and status 2",
  async (args) => {
    const { status, notes } = await run(createPlace(), args);
    expect(status).toBe(2);
    expect(notes).toMatch(/clawgate/);
  },
);

const sha256 = hash("sha256", "cgk_one");
const listed = createConfig();

function createConfig(): object {
  return withKeys({
    ci: {
      sha256,
      agents: ["beta"],
      scopes: ["chat", "sessions"],
      requestsPerMinute: 60,
      runsMax: 4,
      tokensPerDay: 1000,
    },
    old: { sha256: hash("sha256", "cgk_two"), expires: "2020-01-01" },
    soon: { sha256: hash("sha256", "cgk_three"), expires: inDays(3), sessions: "shared" },
    later: { sha256: hash("sha256", "cgk_four"), expires: inDays(40) },
  });
}

test("the list says what each key is for, and no digest", async () => {
  const { status, output, notes } = await run(createPlace({ config: listed }), ["key", "list"]);
  expect(status).toBe(0);
  expect(output.split("\n").slice(0, 2)).toEqual([
    "ci     chat, sessions; agents beta; own sessions; 60 requests/min; 4 runs at once; 1000 tokens/day; no end",
    "old    chat; agents all; own sessions; until 2020-01-01",
  ]);
  expect(output + notes).not.toMatch(/[0-9a-f]{64}/);
});

test("the start and doctor warn of keys that have ended or soon will, and `config` shows no digest", async () => {
  const place = createPlace({ config: listed });
  const gateway = await startCommand(place);
  const { output, notes } = await gateway.stop();
  const doctor = await run(place, ["doctor"]);
  for (const said of [output + notes, doctor.output]) {
    expect(said).toMatch(/gateway\.auth\.keys\.old\.expires.*is past/);
    expect(said).toMatch(/gateway\.auth\.keys\.soon\.expires.*in 3 days/);
    expect(said).not.toMatch(/keys\.(later|ci)\.expires/);
  }
  expect((await run(place, ["config"])).output).not.toContain(sha256);
});
