import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect as dial, createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { WebSocketServer } from "ws";
import { describe, expect, test } from "vitest";
import { createPlace, run, sit, startCommand, type StartedGateway, usual } from "../command.fixture.ts";
import { onEnd } from "../end.fixture.ts";
import { testToken } from "../gateway.fixture.ts";
import { start, startProcess } from "../process.fixture.ts";
import { countRows, readRows } from "../rows.fixture.ts";
import { connect } from "../socket/client.fixture.ts";
import { say, seen } from "../talk.fixture.ts";

const environment = { OPENCLAW_GATEWAY_TOKEN: testToken };
const key = "agent:main:openai-user:ada";

/** How the runs stand that the gateway knows of. */
async function listStates({ url, fetch }: StartedGateway): Promise<string[]> {
  const response = await fetch(`${url}/v1/runs`, { headers: { authorization: `Bearer ${testToken}` } });
  const { data } = (await response.json()) as { readonly data: readonly { readonly state: string }[] };
  return data.map(({ state }) => state);
}

/** A port in front of a gateway, whose connections can be cut, or pass nothing on any more. */
async function startProxy(
  url: string,
): Promise<{ readonly url: string; readonly cut: () => void; readonly hold: () => void }> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = dial(Number(new URL(url).port), "127.0.0.1");
    for (const socket of [client, upstream]) open.add(socket.on("error", () => undefined));
    client.pipe(upstream).pipe(client);
  }).listen(0, "127.0.0.1");
  const cut = (): void => {
    for (const socket of open) socket.destroy();
    open.clear();
  };
  const hold = (): void => {
    for (const socket of open) socket.unpipe();
  };
  onEnd(() => {
    cut();
    server.close();
  });
  await once(server, "listening");
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, cut, hold };
}

describe("where `agent` runs", () => {
  test("is the gateway of its state folder, and with --local its own process", async () => {
    const place = createPlace({ config: usual, environment });
    const gateway = await startCommand(place);
    expect(await run(place, ["agent", "-m", "@@echo hi"])).toEqual({ status: 0, output: "hi\n", notes: "" });
    expect(await listStates(gateway)).toEqual(["completed"]);
    expect(await run(place, ["agent", "--local", "-m", "@@echo hi"])).toEqual({ status: 0, output: "hi\n", notes: "" });
    expect(await listStates(gateway)).toEqual(["completed"]);
  });

  test("is left as one leaves, which the gateway's log says", async () => {
    const place = createPlace({ config: usual, environment });
    const gateway = await startCommand(place);
    await run(place, ["agent", "-m", "@@echo hi"]);
    expect((await gateway.stop()).notes).toMatch(/"code":1000,.*"msg":"socket closed"/);
  });

  test("is said once where no gateway runs, or it is another's", async () => {
    const place = createPlace({ config: usual, environment });
    const alone = await run(place, ["agent", "-m", "@@echo hi"]);
    expect(alone).toMatchObject({ status: 0, output: "hi\n" });
    expect(alone.notes).toBe(
      `clawgate: no gateway runs on the state folder ${place.stateFolder}; the agent runs in this process.\n`,
    );
    await startCommand(place);
    const other = join(place.folder, "other.json5");
    writeFileSync(other, JSON.stringify(usual));
    const { status, notes } = await run(place, ["agent", "--config", other, "-m", "@@echo hi"]);
    expect({ status, notes }).toEqual({
      status: 0,
      notes: expect.stringMatching(
        /^clawgate: the gateway that runs has another configuration, .*config\.json5; .*\n$/,
      ),
    });
  });

  test("is the gateway of --url, with the token of a file", async () => {
    const gateway = await startCommand(createPlace({ config: usual, environment }));
    const place = createPlace();
    writeFileSync(join(place.folder, "secret"), `${testToken}\n`);
    const args = ["agent", "--url", gateway.url, "--token-file", "secret", "-m", "@@echo hi"];
    expect(await run(place, args)).toEqual({ status: 0, output: "hi\n", notes: "" });
  });

  test("is told no secret of this machine's configuration where --url names it", async () => {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    onEnd(() => server.close());
    const frames: string[] = [];
    server.on("connection", (socket) => {
      socket.send(JSON.stringify({ type: "event", event: "connect.challenge", payload: { nonce: "n", ts: 1 } }));
      socket.on("message", (data: Buffer) => {
        frames.push(data.toString());
        socket.close(1008, "go\u001b[2J away");
      });
    });
    await once(server, "listening");
    const config = { ...usual, gateway: { ...usual.gateway, auth: { token: testToken } } };
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { status, notes } = await run(createPlace({ config }), ["agent", "--url", url, "-m", "hi"]);
    expect(status).toBe(1);
    expect(notes).toMatch(
      /^clawgate: The gateway at ws:.* cannot be reached: go\ufffd\[2J away\. .*--local the agent runs without one\.\n$/,
    );
    expect(frames).toHaveLength(1);
    expect(frames[0]).not.toContain(testToken);
  });

  test.each([
    { args: ["--url", "ftp://a"], says: /--url must be an address/ },
    { args: ["--url", "ws://a:b@c"], says: /--url must be an address alone/ },
    { args: ["--url", "ws://127.0.0.1:1", "--token-file", "missing"], says: /--token-file missing cannot be used/ },
    { args: ["--url", "ws://127.0.0.1:1", "--local"], says: /cannot be used with/ },
  ])("is refused with status 2: $args", async ({ args, says }) => {
    const { status, output, notes } = await run(createPlace(), ["agent", "-m", "hi", ...args]);
    expect({ status, output }).toEqual({ status: 2, output: "" });
    expect(notes).toMatch(says);
  });

  test("is nowhere when the token is wrong or nobody answers: status 1 and a sentence", async () => {
    const { url } = await startCommand(createPlace({ config: usual, environment }));
    const place = createPlace({ environment: { OPENCLAW_GATEWAY_TOKEN: "another-token-0123456789" } });
    const wrong = await run(place, ["agent", "--url", url, "-m", "hi"]);
    expect(wrong).toMatchObject({ status: 1, output: "" });
    expect(wrong.notes).toMatch(/^clawgate: unauthorized: Wrong token/);
    const json = await run(place, ["agent", "--json", "--url", url, "-m", "hi"]);
    expect(JSON.parse(json.output)).toMatchObject({ status: "error", error: { code: "invalid_api_key" } });
    const nobody = await run(place, ["agent", "--url", "ws://127.0.0.1:1", "-m", "hi"]);
    expect(nobody).toMatchObject({ status: 1, output: "" });
    expect(nobody.notes).toMatch(/^clawgate: The gateway at ws:\/\/127\.0\.0\.1:1\/ cannot be reached: .*ECONNREFUSED/);
  });
});

test("--json has the id by which the gateway keeps the run, of one that fails too", async () => {
  const place = createPlace({ config: usual, environment });
  const gateway = await startCommand(place);
  for (const [message, state] of [
    ["@@echo hi", "completed"],
    ["@@fail code=upstream_error", "failed"],
  ]) {
    // oxlint-disable no-await-in-loop -- one run after the other
    const { output } = await run(place, ["agent", "--json", "-m", String(message)]);
    const { runId } = JSON.parse(output) as { readonly runId: string };
    const headers = { authorization: `Bearer ${testToken}` };
    const response = await gateway.fetch(`${gateway.url}/v1/runs/${runId}`, { headers });
    expect(await response.json()).toMatchObject({ id: runId, state });
  }
});

describe("a bare word", () => {
  test("is the message, and standard input is where there is none", async () => {
    const place = createPlace({ config: usual });
    expect((await run(place, ["agent", "--local", "@@echo bare"])).output).toBe("bare\n");
    expect((await run(place, ["agent", "--local"], "@@rest\none\ntwo")).output).toBe("one\ntwo\n");
  });
});

describe("Ctrl-C", () => {
  test.each([{ way: "--local" }, { way: "through the gateway" }])(
    "ends the run with status 130 after what had come: $way",
    async ({ way }) => {
      const place = createPlace({ config: usual, environment });
      const gateway = way === "--local" ? undefined : await startProcess(place);
      const local = gateway === undefined ? ["--local"] : [];
      const { process: child, ended } = start(place, ["agent", ...local, "-m", "@@echo begun\n@@hang"]);
      child.stdout?.once("data", () => child.kill("SIGINT"));
      expect(await ended).toEqual({ status: 130, output: "begun", notes: "clawgate: cancelled: Ended by SIGINT.\n" });
      expect(countRows(place.stateFolder)).toMatchObject({ messages: 0, leases: 0 });
      if (gateway !== undefined) expect(await listStates(gateway)).toEqual(["cancelled"]);
    },
  );
});

test("a second Ctrl-C does not wait for a gateway that says nothing more", async () => {
  const gateway = await startCommand(createPlace({ config: usual, environment }));
  const proxy = await startProxy(gateway.url);
  const words = ["agent", "--url", proxy.url, "-m", "@@echo begun\n@@hang"];
  const { process: child, ended } = start(createPlace({ environment }), words);
  child.stdout?.once("data", () => {
    proxy.hold();
    child.kill("SIGINT");
    // npm passes one Ctrl-C on a second time at once: only what comes a second later is another.
    setTimeout(() => child.kill("SIGINT"), 1100);
  });
  // Whoever had waited would say that the run was ended.
  expect(await ended).toEqual({ status: 130, output: "begun", notes: "" });
});

describe("a dialogue through a connection that is lost", () => {
  test("goes on in the middle of an answer, and after one", async () => {
    const gateway = await startCommand(createPlace({ config: usual, environment }));
    const proxy = await startProxy(gateway.url);
    const place = createPlace({ environment: { ...environment, NO_COLOR: "1" } });
    const { type, until, ended } = sit(place, ["agent", "--url", proxy.url]);
    await until(/main> $/);
    type("@@words 40 delay=20ms");
    await until(/word3/);
    proxy.cut();
    await until(/the connection to the gateway is lost .*; looking for it again\n.* word39\nmain> $/s);
    proxy.cut();
    type("@@messages");
    await until(/"word0 word1 [^"]* word39".*\nmain> $/s);
    type(undefined);
    expect((await ended).status).toBe(0);
  });
});

describe("a connection that is lost", () => {
  test("is made again, and the answer is whole and there once", async () => {
    const gateway = await startCommand(createPlace({ config: usual, environment }));
    const proxy = await startProxy(gateway.url);
    const place = createPlace({ environment });
    const { process: child, ended } = start(place, ["agent", "--url", proxy.url, "-m", "@@words 40 delay=20ms"]);
    child.stdout?.once("data", () => proxy.cut());
    const { status, output, notes } = await ended;
    expect(output).toBe(`${Array.from({ length: 40 }, (_, index) => `word${index}`).join(" ")}\n`);
    expect({ status, notes }).toEqual({
      status: 0,
      notes: expect.stringMatching(/^the connection to the gateway is lost .*; looking for it again\n$/),
    });
  });
});

describe("one session", () => {
  test("is led in turn over HTTP, the socket and `agent`, and each sees all turns once and in order", async () => {
    const place = createPlace({ config: usual, environment });
    const gateway = await startCommand(place);
    const ada = { body: { user: "ada" } };
    const socket = await connect(gateway);
    const agent = (message: string): Promise<{ readonly output: string }> =>
      run(place, ["agent", "--session-key", key, "-m", message]);

    const lines: string[] = [];
    for (const round of [1, 2]) {
      // oxlint-disable no-await-in-loop -- in turn
      await say(gateway, `@@echo http ${round}`, ada);
      await socket.request("chat.send", {
        sessionKey: key,
        message: `@@echo ws ${round}`,
        idempotencyKey: `r${round}`,
      });
      await socket.ended(`r${round}`);
      await agent(`@@echo cli ${round}`);
      for (const door of ["http", "ws", "cli"])
        lines.push(`user: @@echo ${door} ${round}`, `assistant: ${door} ${round}`);
    }
    expect(readRows(place.stateFolder, key)).toEqual(lines);
    const { messages } = await socket.request("chat.history", { sessionKey: key });
    expect(messages.map(({ role, content }) => `${role}: ${content[0]?.text}`)).toEqual(lines);
    const { output } = await agent("@@messages");
    const told = (JSON.parse(output) as { role: string; content: string }[]).map(
      ({ role, content }) => `${role}: ${content}`,
    );
    expect(told).toEqual([...lines, "user: @@messages"]);
    expect(await seen(gateway, ada)).toEqual([...told, `assistant: ${output.trim()}`, "user: @@messages"]);
  });
});
