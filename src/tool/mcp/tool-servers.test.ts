import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { findFreePort } from "./everything.fixture.ts";
import { play, playHttp } from "./scripted-server.fixture.ts";
import {
  call,
  fill,
  isRunning,
  misbehave,
  runNode,
  neverAborted,
  startToolServers,
  toNames,
} from "./tool-servers.fixture.ts";

/** Nobody listens there. */
const nowhere = `http://127.0.0.1:${await findFreePort()}/mcp`;

describe.concurrent("a server that cannot be reached", () => {
  test.for<[what: string, server: ReturnType<typeof fill>]>([
    ["never answers `initialize`", misbehave("hang", { connectMs: 500 })],
    ["never lists its tools", misbehave("hang-list", { connectMs: 1000 })],
    ["does not exist", fill({ command: "/nowhere/at/all" })],
    ["ends at once", fill({ command: process.execPath, args: ["-e", "process.exit(1)"] })],
    ["is an address where nobody listens", fill({ url: nowhere })],
  ])("and %s gives no tools, and does not keep the others from theirs", async ([, server]) => {
    const { open, log } = startToolServers({ bad: server, good: misbehave("plain") });
    const set = await open("bad", "good");
    expect(toNames(set)).toContain("good__say");
    expect(toNames(set).filter((name) => name.startsWith("bad"))).toEqual([]);
    expect(log()).toMatch(
      /"toolServer":"bad","cause":"[^"]+","remedy":"[^"]+mcp\.servers\.bad[^"]*","msg":"tool server cannot be reached"/,
    );
  });

  test("still owns the names that its tools would have, and a call of one is a failed result", async () => {
    const { open } = startToolServers({ "bad.one": fill({ command: "/nowhere" }) });
    const set = await open("bad.one");
    expect(["bad_one__say", "good__say", "bad_one"].map((name) => set.owns(name))).toEqual([true, false, false]);
    expect(await call(set, "bad_one__say")).toEqual({
      text: "There is no tool 'bad_one__say' at present.",
      failed: true,
    });
  });

  test("is not tried again at once, but by a later run", async () => {
    const { open, log } = startToolServers({ bad: fill({ command: "/nowhere" }) });
    const countAttempts = (): number => log().split("cannot be reached").length - 1;
    await Promise.all([open("bad"), open("bad")]);
    await open("bad");
    expect(countAttempts()).toBe(1);
    await vi.waitFor(
      async () => {
        await open("bad");
        expect(countAttempts()).toBe(2);
      },
      { timeout: 60_000 },
    );
  });

  test("does not hold a run that is left", async () => {
    const { servers } = startToolServers({ bad: misbehave("hang") });
    const run = new AbortController();
    const opened = servers.open({ bad: ["*"] }, run.signal);
    const reason = new Error("the client left");
    run.abort(reason);
    await expect(opened).rejects.toBe(reason);
  });

  test("does not write what is secret into the log", async () => {
    const env = { KEY: "hunter2-env" };
    const headers = { authorization: "Bearer hunter2-header" };
    const { open, log } = startToolServers({
      program: fill({ command: "/nowhere", args: ["--key", "hunter2-argument"], env }),
      address: fill({ url: `${nowhere}?key=hunter2-query`, headers }),
    });
    await open("program", "address");
    expect(log()).toContain("cannot be reached");
    expect(log()).not.toContain("hunter2");
  });
});

describe.concurrent("a call", () => {
  test("gives what the tool gives, and what goes wrong as a failed result", async () => {
    const table: [tool: string, args: string, text: string, failed: boolean][] = [
      ["s__say", '{"text":"hello"}', "hello", false],
      ["s__say", "", "say", false],
      ["s__say", '{"text":', "The arguments are not valid JSON; nothing was called. Write one JSON object.", true],
      ["s__say", '["hello"]', "The arguments are not a JSON object; nothing was called. Write one JSON object.", true],
      ["s__unheard", "{}", "There is no tool 's__unheard' at present.", true],
      ["s__refuse", "{}", "no such thing", true],
      ["s__structure", "{}", '{"degrees":21}', false],
      ["s__nothing", "{}", '{"surprise":true,"content":7}', false],
    ];
    const { open } = startToolServers({ s: misbehave("plain") });
    const set = await open("s");
    for (const [tool, args, text, failed] of table) {
      expect(await set.call(tool, args, neverAborted())).toEqual({ text, failed });
    }
  });

  test("that hangs or ends its server costs no other server's call anything", async () => {
    const { open } = startToolServers({
      hanging: misbehave("plain", { timeoutMs: 500 }),
      ending: misbehave("plain"),
      good: misbehave("plain"),
    });
    const set = await open("hanging", "ending", "good");
    expect(await Promise.all([call(set, "hanging__hang"), call(set, "ending__exit"), call(set, "good__say")])).toEqual([
      { text: "The call timed out after 500 ms.", failed: true },
      { text: "The connection to the tool server 'ending' ended before it answered.", failed: true },
      { text: "say", failed: false },
    ]);
  });

  test("that took too long, or whose run was left, is cancelled at the server", async () => {
    const { open } = startToolServers({ s: misbehave("plain", { timeoutMs: 1000 }) });
    const set = await open("s");
    await call(set, "s__hang");
    const run = new AbortController();
    const left = set.call("s__hang", "", run.signal);
    await call(set, "s__say");
    run.abort(new Error("left"));
    await expect(left).rejects.toThrow("left");
    expect(JSON.parse((await call(set, "s__cancelled")).text)).toHaveLength(2);
  });

  test("after the server has ended starts it again", async () => {
    const { open } = startToolServers({ s: misbehave("plain") });
    const set = await open("s");
    const { text: first } = await call(set, "s__pid");
    expect(await call(set, "s__exit")).toMatchObject({ failed: true });
    const { text: second } = await call(set, "s__pid");
    expect(second).toMatch(/^\d+$/);
    expect(second).not.toBe(first);
  });

  test("with a result of 10 MB shows what the model may see, cut between characters", async () => {
    const { open } = startToolServers({ s: misbehave("plain", { outputBytesMax: 1001 }) });
    const { text } = await call(await open("s"), "s__big");
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1001);
    expect(text).toMatch(/^ä+\n\[cut: \d+ of 10485760 bytes are not shown\]$/);
  });

  test("with a result beyond all limits ends the server, and the next one starts it again", async () => {
    const { open, log } = startToolServers({ s: misbehave("plain") });
    const set = await open("s");
    expect(await call(set, "s__huge")).toMatchObject({ failed: true });
    expect(log()).toContain("a line of more than 33554432 bytes");
    expect(await call(set, "s__say")).toEqual({ text: "say", failed: false });
  });

  test("after stop is a failed result", async () => {
    const { open, servers } = startToolServers({ s: misbehave("plain") });
    const set = await open("s");
    await servers.stop();
    expect(await call(set, "s__say")).toEqual({ text: "The tool server 's' cannot be reached now.", failed: true });
  });
});

describe.concurrent("a program", () => {
  test("is started once for all runs, and only when one needs it", async () => {
    const { open } = startToolServers({ s: misbehave("plain"), unused: misbehave("hang") });
    const sets = await Promise.all([open("s"), open("s"), open("s")]);
    const pids = await Promise.all(sets.map((set) => call(set, "s__pid")));
    expect(new Set(pids.map(({ text }) => text)).size).toBe(1);
  });

  test("that prints a prompt before each message works", async () => {
    const { open } = startToolServers({ s: misbehave("prompt") });
    expect(await call(await open("s"), "s__say", { text: "seen" })).toMatchObject({ failed: false });
  });

  test("that prints no messages, and much of it, works, and does not fill the log", async () => {
    const { open, log } = startToolServers({ s: misbehave("garbage") });
    expect(await call(await open("s"), "s__say")).toEqual({ text: "say", failed: false });
    expect(log()).toContain('"stream":"stderr","line":"noise"');
    expect(log().split("\n").length).toBeLessThan(200);
  });

  test("has the environment of its configuration, and nothing secret of the gateway's", async () => {
    vi.stubEnv("OPENCLAW_GATEWAY_TOKEN", "hunter2");
    vi.stubEnv("OPENAI_API_KEY", "hunter2");
    const { open } = startToolServers({ s: misbehave("plain", { env: { OWN: "mine" } }) });
    const { text } = await call(await open("s"), "s__environment");
    vi.unstubAllEnvs();
    expect(JSON.parse(text)).toMatchObject({ OWN: "mine", PATH: process.env["PATH"] });
    expect(text).not.toContain("hunter2");
  });

  test("that changes its tools has the new ones in a later run", async () => {
    const { open } = startToolServers({ s: misbehave("plain") });
    await call(await open("s"), "s__grow");
    await vi.waitFor(async () => expect(toNames(await open("s"))).toContain("s__grown"), { timeout: 60_000 });
  });

  test("of the revision 2026-07-28 that changes its tools has the new ones in a later run", async () => {
    const args = [join(import.meta.dirname, "changing-program.fixture.ts")];
    const { open } = startToolServers({ s: runNode(args) });
    await call(await open("s"), "s__grow");
    await vi.waitFor(async () => expect(toNames(await open("s"))).toContain("s__grown"), { timeout: 60_000 });
  });

  test("with more tools than models take gives the first of them, says so once, and is not read anew for each run", async () => {
    const tools = Array.from({ length: 130 }, (_, index) => ({ name: `t${index}` }));
    const { servers, log } = startToolServers({ s: play({ tools }) });
    const grants = { s: ["*"] };
    const set = await servers.open(grants, neverAborted());
    expect(toNames(set)).toEqual(tools.slice(0, 128).map(({ name }) => `s__${name}`));
    expect(await servers.open(grants, neverAborted())).toBe(set);
    expect(log().match(/an agent may use more than 128 tools/g)).toHaveLength(1);
  });

  test("whose message holds more values than any list of tools is not read", async () => {
    const many = Array.from({ length: 300_000 }, () => 0);
    const script = { tools: [{ name: "many" }], results: { many: { content: [], structuredContent: { many } } } };
    const [far, streamed] = await Promise.all([playHttp(script, "json"), playHttp(script, "events")]);
    const { open } = startToolServers({ near: misbehave("plain"), far, streamed });
    const set = await open("near", "far", "streamed");
    const results = await Promise.all(["near", "far", "streamed"].map((server) => call(set, `${server}__many`)));
    expect(results.map(({ failed }) => failed)).toEqual([true, true, true]);
  });

  test("without tools gives none", async () => {
    const { open, log } = startToolServers({ s: misbehave("toolless") });
    expect(toNames(await open("s"))).toEqual([]);
    expect(log()).not.toContain("cannot be reached");
  });

  test("with names that no model API takes has others, each its own", async () => {
    const { open } = startToolServers({ "my server": misbehave("weird") });
    const set = await open("my server");
    const names = toNames(set);
    expect(names.every((name) => /^[a-zA-Z0-9_-]{1,64}$/.test(name))).toBe(true);
    expect(new Set(names).size).toBe(5);
    expect(await Promise.all(names.map(async (name) => (await call(set, name)).text))).toEqual([
      "get weather",
      "get.weather",
      "ä",
      "x".repeat(100),
      "say",
    ]);
  });

  test.for(["plain", "stubborn", "wrapped"])("does not live on after stop: %s", async (behaviour) => {
    const { open, servers } = startToolServers({ s: misbehave(behaviour) });
    const pid = Number((await call(await open("s"), "s__pid")).text);
    expect(isRunning(pid)).toBe(true);
    await servers.stop();
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 60_000 });
  });

  test("that is just being started does not live on after stop either", async () => {
    const { open, servers, log } = startToolServers({ s: misbehave("hang") });
    const opened = open("s");
    await servers.stop();
    expect(toNames(await opened)).toEqual([]);
    expect(log()).not.toContain("cannot be reached");
  });
});

test("a tool that is granted and not there is logged once, and the rest is given", async () => {
  const { servers, log } = startToolServers({ s: misbehave("plain") });
  for (let run = 0; run < 3; run += 1) {
    const set = await servers.open({ s: ["say", "unheard"] }, neverAborted());
    expect(toNames(set)).toEqual(["s__say"]);
  }
  expect(log().split('"tool":"unheard"').length - 1).toBe(1);
});
