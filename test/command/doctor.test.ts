import { once } from "node:events";
import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { findFreePort } from "../../src/tool/mcp/everything.fixture.ts";
import { createPlace, type Ended, type Place, run, startCommand, usual } from "../command.fixture.ts";
import { testToken } from "../gateway.fixture.ts";
import { startUpstream } from "../upstream/servers/upstream.fixture.ts";

const environment = { OPENCLAW_GATEWAY_TOKEN: testToken };

/** The lines of doctor about one thing, without the columns. */
function linesOf({ output }: Ended, what: string): string[] {
  const lines = output.split("\n").map((line) => line.replaceAll(/ {2,}/g, " "));
  return lines.filter((line) => line.replace(/^\w+ /, "").startsWith(`${what} `));
}

const withPort = (place: Place, port: number | string): Place => ({
  ...place,
  environment: { ...place.environment, OPENCLAW_GATEWAY_PORT: String(port) },
});

describe("the port", () => {
  test("that is free is said to be so, and stays free", async () => {
    const port = await findFreePort();
    const place = withPort(createPlace({ config: usual }), port);
    expect(linesOf(await run(place, ["doctor"]), "port")).toEqual([
      `ok port nothing answers at http://127.0.0.1:${port}; \`clawgate gateway\` starts it`,
    ]);
    await (await startCommand(place)).stop();
  });

  test("at which another gateway answers is none of this one", async () => {
    const other = await startCommand(createPlace({ config: usual, environment }));
    const { port } = new URL(other.url);
    const ended = await run(withPort(createPlace({ config: usual, environment }), port), ["doctor"]);
    expect(ended.status).toBe(1);
    expect(linesOf(ended, "port")).toEqual([
      expect.stringMatching(
        /^FAIL port another gateway answers at .*, not one of .*\/state: stop it, or .*--port/,
      ) as string,
    ]);
  });

  test("of an address that this machine has not, or that no address is", async () => {
    const place = createPlace({ config: usual });
    const ended = await run(place, ["doctor", "--bind", "203.0.113.7", "--port", "18790"]);
    expect(ended.status).toBe(1);
    expect(linesOf(ended, "port")).toEqual([
      expect.stringMatching(
        /^FAIL port Cannot listen on 203\.0\.113\.7 port 18790 .*no such address.*--bind/,
      ) as string,
    ]);
  });

  test("of a gateway that has not taken its last configuration", async () => {
    const place = createPlace({ config: usual, environment });
    const gateway = await startCommand(place);
    const file = place.environment["OPENCLAW_CONFIG_PATH"] ?? "";
    writeFileSync(file, "{ gatewy: 1 }");
    expect((await run(place, ["reload"])).status).toBe(2);
    writeFileSync(file, JSON.stringify(usual));
    expect(linesOf(await run(withPort(place, new URL(gateway.url).port), ["doctor"]), "port")).toEqual([
      `ok port a gateway answers at ${gateway.url}/healthz`,
      expect.stringMatching(/^warn port it has not taken the last configuration: .*'gatewy'/) as string,
    ]);
  });
});

describe("a provider", () => {
  const placeOf = (baseUrl: string, more: Readonly<Record<string, string>> = {}): Place =>
    createPlace({
      config: {
        ...usual,
        models: { providers: { lab: { api: "openai-completions", baseUrl, apiKey: "k" } } },
        agents: { defaults: { model: "lab/gpt-lab" } },
      },
      environment: more,
    });

  test("is asked for a word with --online, and its failure is told with the remedy", async () => {
    const good = await startUpstream("openai-chat", [{ text: "ok" }]);
    const place = placeOf(good.baseUrl);
    const [line = ""] = linesOf(await run(place, ["doctor", "--online"]), "model lab");
    expect(line).toMatch(/^ok model lab answers.*; gpt-lab answers a call$/);
    const bad = await startUpstream("openai-chat", [{ status: 401, body: { error: { code: "invalid_api_key" } } }]);
    const ended = await run(placeOf(bad.baseUrl), ["doctor", "--online"]);
    expect(ended.status).toBe(1);
    expect(linesOf(ended, "model lab")[0]).toMatch(/^FAIL model lab .*401.*models\.providers\.lab\.apiKey/);
  });

  test("whose key is in the environment is asked with --online alone", async () => {
    const place = createPlace({
      config: { ...usual, agents: { list: usual.agents.list } },
      environment: { OPENAI_API_KEY: "sk-0123456789" },
    });
    expect(linesOf(await run(place, ["doctor"]), "model openai")[0]).toMatch(/^ok model openai not asked/);
  });

  test("is called without the proxy of the environment, and that is said", async () => {
    const { baseUrl } = await startUpstream("openai-chat", [{ text: "ok" }]);
    const ended = await run(placeOf(baseUrl, { HTTPS_PROXY: "http://127.0.0.1:1" }), ["doctor", "--online"]);
    expect(linesOf(ended, "proxy")[0]).toMatch(/^warn proxy HTTPS_PROXY is set, and not used: .*baseUrl/);
    expect(ended.status).toBe(0);
  });
});

describe("the rest", () => {
  test("as one JSON object, of a good setup and of bad ones", async () => {
    const read = async (
      place: Place,
    ): Promise<[number | null, { ok: boolean; findings: { state: string; what: string }[] }]> => {
      const { status, output, notes } = await run(place, ["doctor", "--json"]);
      expect(notes).toBe("");
      return [status, JSON.parse(output) as { ok: boolean; findings: { state: string; what: string }[] }];
    };
    const [good, { ok, findings }] = await read(createPlace({ config: usual }));
    expect({ good, ok }).toEqual({ good: 0, ok: true });
    const whats = findings.map(({ what }) => what);
    expect(whats).toEqual(
      expect.arrayContaining([
        "clawgate",
        "node",
        "config",
        "state",
        "credential",
        "endpoint",
        "agent main",
        "sessions",
        "port",
      ]),
    );
    const [off, disabled] = await read(createPlace({ environment: { OPENCLAW_GATEWAY_PORT: "0" } }));
    expect({ off, ok: disabled.ok }).toEqual({ off: 1, ok: false });
    expect(disabled.findings.filter(({ state }) => state === "FAIL")).toMatchObject([{ what: "endpoint" }]);
    const [wrong, broken] = await read(createPlace({ config: "{ gatewy: 1 }" }));
    expect(wrong).toBe(1);
    expect(broken).toMatchObject({ ok: false, findings: [{ state: "FAIL", what: "config" }] });
  });

  test("leaves a database of an earlier version as it is, and says what the first start would change", async () => {
    const place = createPlace({ config: usual });
    const path = join(place.stateFolder, "sessions.sqlite");
    expect((await run(place, ["agent", "--local", "-m", "hi"])).status).toBe(0);
    const edit = (sql: string): void => {
      using database = new DatabaseSync(path);
      database.exec(sql);
    };
    edit(`
      ALTER TABLE lease DROP COLUMN clock; ALTER TABLE lease DROP COLUMN clock_until;
      ALTER TABLE run DROP COLUMN entry_checksum; PRAGMA user_version = 7`);
    const files = readdirSync(place.stateFolder);
    const read = (): unknown => {
      using database = new DatabaseSync(path, { readOnly: true });
      return database.prepare("PRAGMA user_version").get()?.["user_version"];
    };
    const ended = await run(place, ["doctor"]);
    expect(ended.status).toBe(0);
    expect(read()).toBe(7);
    expect(readdirSync(place.stateFolder)).toEqual(expect.arrayContaining(files));
    expect([...linesOf(ended, "database"), ...linesOf(ended, "sessions")]).toEqual([
      expect.stringMatching(/^warn database the database has 7 of the \d+ steps .* copy the state folder before$/),
    ]);
    expect((await run(place, ["agent", "--local", "-m", "hi"])).status).toBe(0);
    expect(linesOf(await run(place, ["doctor"]), "sessions")).toEqual([
      "ok sessions the store opens, and reads all of 1 sessions",
    ]);
  });

  test("shows what a session is called, and what a server says, without what would move the cursor", async () => {
    const place = createPlace({ config: usual });
    const key = "agent:main:openai-user:\u001b[2Ja\u009b1mb\nok  port  fine";
    expect((await run(place, ["agent", "--local", "--session-key", key, "-m", "hi"])).status).toBe(0);
    using database = new DatabaseSync(join(place.stateFolder, "sessions.sqlite"));
    database.exec("UPDATE message SET body = replace(body, 'hi', 'ho')");
    const { output } = await run(place, ["doctor"]);
    expect(output).toMatch(/^FAIL {2}sessions .*openai-user:\ufffd\[2Ja\ufffd1mb\ufffdok {2}port {2}fine'/m);
    // oxlint-disable-next-line no-control-regex -- those are what it is about
    expect(output).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  test("leaves nothing behind in the state folder", async () => {
    const place = createPlace({ config: usual });
    await run(place, ["doctor"]);
    expect(readdirSync(place.stateFolder).filter((name) => name.startsWith(".doctor"))).toEqual([]);
  });

  test("warns of a configuration that others can write", async () => {
    const place = createPlace({ config: usual });
    chmodSync(place.environment["OPENCLAW_CONFIG_PATH"] ?? "", 0o666);
    const lines = linesOf(await run(place, ["doctor"]), "config");
    expect(lines[1]).toMatch(/^warn config \S+config\.json5 can be written by other users .*chmod go-w$/);
  });

  test("says of a port that speaks no HTTP what it says of others", async () => {
    const mute = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void mute.close());
    await once(mute, "listening");
    const { port } = mute.address() as AddressInfo;
    mute.on("request", (_, response) => response.end("{}"));
    const ended = await run(withPort(createPlace({ config: usual }), port), ["doctor"]);
    expect(linesOf(ended, "port")[0]).toMatch(/^FAIL port .*something else listens there\./);
  });
});
