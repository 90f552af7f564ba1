import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { createPlace, type Place, run, startCommand, usual } from "../command.fixture.ts";
import { runProcess, startProcess } from "../process.fixture.ts";

const first = "first-token-0123456789abcdef";
const second = "second-token-0123456789abcdef";

function configure({ environment }: Place, config: object): void {
  writeFileSync(environment["OPENCLAW_CONFIG_PATH"] ?? "", JSON.stringify(config));
}

const withGateway = (gateway: object): object => ({ ...usual, gateway: { ...usual.gateway, ...gateway } });

interface Listening {
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
}

async function list({ url, fetch }: Listening, token: string): Promise<number> {
  return (await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${token}` } })).status;
}

test("`reload` takes another token, and one that is broken changes nothing", async () => {
  const place = createPlace({ config: withGateway({ auth: { token: { file: "secret" } } }) });
  const secret = join(place.folder, "secret");
  writeFileSync(secret, first);
  const gateway = await startProcess(place, first);
  expect([await list(gateway, first), await list(gateway, second)]).toEqual([200, 401]);

  writeFileSync(secret, second);
  const done = await runProcess(place, ["reload"]);
  const told = `The new configuration is in force: ${place.environment["OPENCLAW_CONFIG_PATH"]}, at ${gateway.url}.\n`;
  expect(done).toEqual({ status: 0, output: told, notes: "" });
  expect([await list(gateway, first), await list(gateway, second)]).toEqual([401, 200]);

  configure(place, withGateway({ auth: { token: first }, tpyo: 1 }));
  const refused = await runProcess(place, ["reload"]);
  expect(refused).toMatchObject({ status: 2, output: "" });
  expect(refused.notes).toMatch(/^clawgate: nothing has changed\. .*tpyo.*\n$/);
  expect([await list(gateway, first), await list(gateway, second)]).toEqual([401, 200]);
  expect((await gateway.fetch(`${gateway.url}/healthz`)).status).toBe(200);

  const { status, notes, output } = await gateway.stop();
  const lines = notes.split("\n").filter((line) => line !== "");
  const errors = lines.map((line) => JSON.parse(line) as { level: number }).filter(({ level }) => level >= 50);
  expect(errors).toMatchObject([
    { msg: "configuration not reloaded; the old one stays", problem: expect.stringContaining("tpyo") as string },
  ]);
  expect(status).toBe(0);
  const audit = readFileSync(join(place.stateFolder, "audit.jsonl"), "utf8");
  const changes = audit.split("\n").filter((line) => line.includes("configuration-change"));
  expect(changes.map((line) => JSON.parse(line) as object)).toMatchObject([
    { outcome: "done", changed: ["gateway.auth.token"] },
    { outcome: "failed", problem: expect.stringContaining("tpyo") as string },
  ]);
  expect(audit).not.toMatch(new RegExp(`${first}|${second}`));
  for (const token of [first, second]) expect(notes + output).not.toContain(token);
});

test("a gateway that cannot write what other commands are told of it starts, reloads and ends all the same", async () => {
  const place = createPlace({ config: withGateway({ auth: { token: first } }) });
  const draft = join(place.stateFolder, "gateway.pid.new");
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  chmodSync(place.stateFolder, 0o700);
  const unheard = await startProcess(place, first);
  expect(await run(place, ["reload"])).toMatchObject({ status: 1 });
  expect(await list(unheard, first)).toBe(200);
  expect((await unheard.stop()).status).toBe(0);

  rmSync(draft, { recursive: true });
  const gateway = await startProcess(place, first);
  const { pid } = JSON.parse(readFileSync(join(place.stateFolder, "gateway.pid"), "utf8")) as { pid: number };
  mkdirSync(draft);
  for (const token of [second, first]) {
    configure(place, withGateway({ auth: { token } }));
    process.kill(pid, "SIGHUP");
    await vi.waitFor(async () => expect(await list(gateway, token)).toBe(200), { interval: 20, timeout: 30_000 });
  }
  rmSync(draft, { recursive: true });
  expect(await runProcess(place, ["reload"])).toMatchObject({ status: 0 });
  const { status, notes } = await gateway.stop();
  expect(status).toBe(0);
  expect(notes).not.toContain("configuration not reloaded");
  expect(notes.match(/other commands are not told/g)).toHaveLength(2);
});

test("a secret whose file has gone stays what it was, for requests and for `reload`", async () => {
  const place = createPlace({ config: withGateway({ auth: { token: { file: "secret" } } }) });
  const secret = join(place.folder, "secret");
  writeFileSync(secret, first);
  const gateway = await startCommand(place, first);
  rmSync(secret);
  for (const spoilt of [() => undefined, () => writeFileSync(secret, "")]) {
    spoilt();
    expect([await list(gateway, first), await list(gateway, second)]).toEqual([200, 401]);
    const refused = await run(place, ["reload"]);
    expect(refused).toMatchObject({ status: 2, output: "" });
    expect(refused.notes).toMatch(/^clawgate: nothing has changed\. .*gateway\.auth\.token refers to the file .*\n$/);
    expect([await list(gateway, first), await list(gateway, second)]).toEqual([200, 401]);
  }
  await gateway.stop();
});

test("`reload` names what waits for a restart, and changes the level of the log", async () => {
  const place = createPlace({ config: withGateway({ log: { level: "silent" }, auth: { token: first } }) });
  const gateway = await startCommand(place, first);
  await list(gateway, first);
  configure(place, withGateway({ port: 1, log: { level: "info" }, auth: { token: first } }));
  const { status, notes } = await run(place, ["reload"]);
  expect({ status, notes }).toEqual({ status: 0, notes: "gateway.port waits for a restart.\n" });
  await list(gateway, first);
  const ended = await gateway.stop();
  const events = ended.notes.split("\n").filter((line) => line !== "");
  expect(events.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    "configuration reloaded",
    "request",
    "stopping",
    "stopped",
  ]);
});

test("the token that the first start made is read anew", async () => {
  const place = createPlace({ config: usual });
  const gateway = await startCommand(place);
  writeFileSync(join(place.stateFolder, "token"), second);
  expect((await run(place, ["reload"])).status).toBe(0);
  expect(await list(gateway, second)).toBe(200);
  await gateway.stop();
});

test("a gateway that ends says nothing more of itself where the next one has announced itself", async () => {
  const place = createPlace({ config: withGateway({ auth: { token: first } }) });
  const old = await startProcess(place, first);
  const messages = [{ role: "user", content: "@@echo begun\n@@hang" }];
  const { body } = await old.chat({ model: "openclaw", stream: true, messages });
  const reader = body?.getReader();
  await reader?.read();
  old.process.kill("SIGTERM");
  const isWithdrawn = (): boolean => !existsSync(join(place.stateFolder, "gateway.pid"));
  await vi.waitFor(() => expect(isWithdrawn()).toBe(true), { interval: 20, timeout: 30_000 });
  const next = await startCommand(place, first);
  old.process.kill("SIGHUP");
  // It answers a request behind the signal.
  await old.fetch(`${old.url}/healthz`).catch(() => undefined);
  await reader?.cancel();
  expect((await old.ended).notes).not.toContain("reloaded");
  const { url } = JSON.parse(readFileSync(join(place.stateFolder, "gateway.pid"), "utf8")) as { url: string };
  expect(url).toBe(next.url);
  expect(await run(place, ["reload"])).toMatchObject({ status: 0 });
  await next.stop();
});

test("`reload` signals nobody where no gateway runs, whatever a crash has left", async () => {
  const place = createPlace({ config: usual });
  expect(await run(place, ["reload"])).toMatchObject({
    status: 1,
    notes: expect.stringMatching(/no gateway runs/) as string,
  });
  const gateway = await startCommand(place);
  const left = readFileSync(join(place.stateFolder, "gateway.pid"));
  await gateway.stop();
  expect(await run(place, ["reload"])).toMatchObject({
    status: 1,
    notes: expect.stringMatching(/no gateway runs/) as string,
  });
  mkdirSync(place.stateFolder, { recursive: true });
  // Its process goes on, as that of a stranger that got the number of one that crashed.
  writeFileSync(join(place.stateFolder, "gateway.pid"), left);
  expect(await runProcess(place, ["reload"])).toMatchObject({
    status: 1,
    notes: expect.stringMatching(/no gateway runs/) as string,
  });
});

test("a gateway beside another one on its state folder says that commands go to that one", async () => {
  const place = createPlace({ config: withGateway({ auth: { token: first } }) });
  const one = await startProcess(place, first);
  const other = await startProcess(place, first);
  const done = await runProcess(place, ["reload"]);
  expect(done.output).toContain(`at ${one.url}.`);
  expect((await other.stop()).notes).toContain("another gateway runs on this state folder");
  expect((await one.stop()).notes).not.toContain("another gateway");
});
