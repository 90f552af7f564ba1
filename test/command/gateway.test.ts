import { existsSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { testToken } from "../gateway.fixture.ts";
import { createPlace, run, startCommand, usual } from "../command.fixture.ts";
import { startProcess } from "../process.fixture.ts";
import { countRows } from "../rows.fixture.ts";
import { readTalk, say, seen } from "../talk.fixture.ts";

const environment = { OPENCLAW_GATEWAY_TOKEN: testToken };

describe("`gateway`", () => {
  test("says at start what it serves, and takes port and token from the environment", async () => {
    const config = { ...usual, gateway: { ...usual.gateway, port: 1, auth: { token: "another-token-0123456789" } } };
    const place = createPlace({ config, environment: { ...environment, OPENCLAW_GATEWAY_PORT: "0" } });
    const gateway = await startProcess(place);
    expect(new URL(gateway.url).hostname).toBe("127.0.0.1");
    expect((await say(gateway, "@@agent")).text).toBe("main");
    for (const part of [
      `${gateway.url}/v1/chat/completions`,
      `${gateway.url}/docs`,
      "main (embedded/assistant), the default",
      "beta",
    ]) {
      expect(gateway.output()).toContain(part);
    }
    const { output, notes, status } = await gateway.stop();
    expect(status).toBe(0);
    expect(output + notes).not.toMatch(new RegExp(`${testToken}|another-token`));
  });

  test("without a configuration has the endpoint switched off, and says how to switch it on", async () => {
    const place = createPlace({ environment: { ...environment, OPENCLAW_GATEWAY_PORT: "0" } });
    const gateway = await startCommand(place);
    const headers = { authorization: `Bearer ${testToken}` };
    const toText = async (path: string): Promise<string> =>
      (await (await gateway.fetch(`${gateway.url}${path}`, { headers })).text()).replace(path, "PATH");
    expect(await toText("/v1/models")).toBe(await toText("/v1/nope"));
    expect(await say(gateway, "hi")).toMatchObject({ status: 404, error: { code: "not_found" } });
    expect(gateway.output()).toMatch(/`clawgate init`.*gateway\.http\.endpoints\.chatCompletions\.enabled/);
    const { notes } = await gateway.stop();
    // Whoever starts it is told once, and of what nobody has asked for not at all.
    expect(notes.match(/"called endpoint is disabled"/g)).toHaveLength(1);
    expect(notes).toMatch(/"key":"gateway\.http\.endpoints\.chatCompletions\.enabled","problem":"is false: set it/);
  });

  test("takes port and address from the command line, before the environment and the configuration", async () => {
    const place = createPlace({ config: usual, environment: { OPENCLAW_GATEWAY_PORT: "1" } });
    const gateway = await startCommand(place, testToken, ["--port", "0", "--bind", "127.0.0.2"]);
    expect(gateway.url).toMatch(/^http:\/\/127\.0\.0\.2:\d{2,5}$/);
    await gateway.stop();
    const wrong = await Promise.all([
      run(place, ["gateway", "--port", "80x"]),
      run(place, ["gateway", "--port", "0", "--bind", "nowhere.example"]),
      run(place, ["doctor", "--port", "65536"]),
    ]);
    expect(wrong.map(({ status }) => status)).toEqual([2, 2, 2]);
    expect(wrong[0]?.notes).toBe("clawgate: --port must be a port number from 0 to 65535, but is '80x'.\n");
    expect(wrong[1]?.notes).toMatch(/'nowhere\.example'/);
  });

  test("of mode password takes the password, and not a token", async () => {
    const password = "correct-horse-battery-staple";
    const config = { ...usual, gateway: { ...usual.gateway, auth: { mode: "password" } } };
    const place = createPlace({ config, environment: { ...environment, OPENCLAW_GATEWAY_PASSWORD: password } });
    const gateway = await startCommand(place, password);
    expect((await say(gateway, "@@agent")).status).toBe(200);
    for (const wrong of [testToken, "Correct-horse-battery-staple", ""]) {
      const refused = await say(gateway, "hi", { headers: { authorization: `Bearer ${wrong}` } });
      expect(refused).toMatchObject({ status: 401, error: { code: "invalid_api_key" } });
    }
    const { output, notes } = await gateway.stop();
    expect(output + notes).not.toContain(password);
    expect(existsSync(join(place.stateFolder, "token"))).toBe(false);
  });

  test("of mode none, or with a password to type, warns on the terminal, in the log and in doctor", async () => {
    for (const [auth, key] of [
      [{ mode: "none" }, "gateway.auth.mode"],
      [{ mode: "password", password: "tr0ub4dor" }, "gateway.auth.password"],
    ] as const) {
      const place = createPlace({ config: { ...usual, gateway: { ...usual.gateway, auth } } });
      const gateway = await startCommand(place, "tr0ub4dor");
      const { output, notes } = await gateway.stop();
      expect(output).toMatch(new RegExp(`warning +${key} `));
      expect(notes).toContain(`"key":"${key}"`);
      expect(output + notes).not.toContain("tr0ub4dor");
      expect((await run(place, ["doctor"])).output).toMatch(new RegExp(`warn +credential +${key} `));
    }
  });

  test("on SIGTERM finishes a stream, then ends with status 0", async () => {
    const place = createPlace({ config: usual, environment });
    const gateway = await startProcess(place);
    const messages = [{ role: "user", content: "@@words 20 delay=25ms" }];
    const streaming = await gateway.chat({ model: "openclaw", stream: true, user: "ada", messages });
    const [{ status }, { text, finishReason }] = await Promise.all([gateway.stop(), readTalk(streaming)]);
    expect(status).toBe(0);
    expect(finishReason).toBe("stop");
    expect(text).toMatch(/^word0 .* word19$/);
    expect(countRows(place.stateFolder)).toEqual({ sessions: 1, messages: 2, leases: 0 });
    const next = await startProcess(place);
    expect(await seen(next, { body: { user: "ada" } })).toHaveLength(3);
  });

  test("on SIGINT ends with status 0 too", async () => {
    const gateway = await startProcess(createPlace({ config: usual, environment }));
    gateway.process.kill("SIGINT");
    expect((await gateway.ended).status).toBe(0);
  });

  test("does not wait for what still runs when it is told to end again and again", async () => {
    const gateway = await startProcess(createPlace({ config: usual, environment }));
    const messages = [{ role: "user", content: "@@echo a\n@@hang" }];
    const streaming = await gateway.chat({ model: "openclaw", stream: true, messages });
    const cut = expect(streaming.text()).rejects.toThrow(/terminated/);
    const insisting = setInterval(() => gateway.process.kill("SIGTERM"), 100);
    const { status } = await gateway.ended;
    clearInterval(insisting);
    // Waiting for the run to be cut would have ended with 0.
    expect(status).toBe(1);
    await cut;
  });

  test("ends on SIGTERM after a streamed run of a session has failed", async () => {
    const gateway = await startProcess(createPlace({ config: usual, environment }));
    const failed = await say(gateway, "@@fail", { body: { user: "ada", stream: true } });
    expect(failed.error?.code).toBe("upstream_error");
    expect((await gateway.stop()).status).toBe(0);
  });

  test("on a taken port ends with status 2, and says which", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const place = createPlace({ config: usual, environment: { ...environment, OPENCLAW_GATEWAY_PORT: String(port) } });
    const { status, output, notes } = await run(place, ["gateway"]);
    expect({ status, output }).toEqual({ status: 2, output: "" });
    expect(notes).toMatch(new RegExp(`^clawgate: .*127\\.0\\.0\\.1 port ${port}.*gateway\\.port[^\n]*\n$`));
  });
});

test("flags of Node that weaken the process are warned of, and the parser stays strict", async () => {
  const place = createPlace({ config: usual, environment: { ...environment, NODE_OPTIONS: "--insecure-http-parser" } });
  const gateway = await startProcess(place);
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
  // A length and chunks at once: two requests to one reader, and one to another.
  socket.end(
    "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  );
  expect(await readText(socket)).toMatch(/^HTTP\/1\.1 400 /);
  const { notes } = await gateway.stop();
  expect(notes).toContain('"key":"node --insecure-http-parser"');
});
