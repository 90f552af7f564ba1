import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createSilentLog } from "../../src/base/log.ts";
import type { Credential } from "../../src/edge/credential.ts";
import { startGateway } from "../../src/gateway.ts";
import { isRunning, misbehave } from "../../src/tool/mcp/tool-servers.fixture.ts";
import { startTestGateway, type TestGateway, testToken } from "../gateway.fixture.ts";
import { onEnd } from "../end.fixture.ts";
import { hold, readTalk, say, untilLive } from "../talk.fixture.ts";
import { startUpstream } from "../upstream/servers/upstream.fixture.ts";

const otherToken = "other-token-0123456789abcdef";
const off = { gateway: { http: { endpoints: { chatCompletions: { enabled: false } } } } };

/** `GET /v1/models` on the one connection of the agent. */
function list({ port }: TestGateway, agent: Agent, token: string): Promise<{ status: number; reused: boolean }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const sent = request({ port, path: "/v1/models", agent, headers }, (response) => {
      const { statusCode: status = 0 } = response;
      response.resume().on("end", () => resolve({ status, reused: sent.reusedSocket }));
    });
    sent.on("error", reject).end();
  });
}

describe("a configuration that is put in force while the gateway runs", () => {
  test("decides about the next request, also of a connection that was let in before", async () => {
    const gateway = await startTestGateway();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onEnd(() => agent.destroy());
    expect(await list(gateway, agent, testToken)).toEqual({ status: 200, reused: false });
    await gateway.reload({}, otherToken);
    expect(await list(gateway, agent, testToken)).toEqual({ status: 401, reused: true });
    expect(await list(gateway, agent, otherToken)).toEqual({ status: 200, reused: true });
  });

  test("lets runs finish with what they began with", async () => {
    const { baseUrl } = await startUpstream("openai-chat", [{ text: "First, " }, { pauseMs: 200 }, { text: "last." }]);
    const lab = { models: { providers: { lab: { api: "openai-completions", baseUrl } } } };
    const gateway = await startTestGateway({ config: { ...lab, agents: { defaults: { model: "lab/one" } } } });
    const messages = [{ role: "user", content: "hi" }];
    const streaming = await gateway.chat({ model: "openclaw", stream: true, messages });
    await gateway.reload(off);
    expect((await gateway.chat({})).status).toBe(404);
    expect(await readTalk(streaming)).toMatchObject({ finishReason: "stop", text: "First, last." });
    // The old one is gone, and with it nothing of the new.
    await gateway.reload({});
    expect((await say(gateway, "hi")).status).toBe(200);
  });

  test("switches an endpoint under load: each answer is of one of them, whole", async () => {
    const gateway = await startTestGateway();
    const statuses: number[] = [];
    const load = { isOver: false };
    const client = async (): Promise<void> => {
      while (!load.isOver) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other, as a client asks
        const { status, text } = await say(gateway, "@@agent");
        statuses.push(status);
        if (status === 200) expect(text).toBe("main");
      }
    };
    const clients = [client(), client(), client(), client()];
    for (const config of [off, {}, off, {}, off, {}]) {
      const before = statuses.length;
      // oxlint-disable-next-line no-await-in-loop -- so many answers for each
      await expect.poll(() => statuses.length).toBeGreaterThan(before + 8);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await gateway.reload(config);
    }
    load.isOver = true;
    await Promise.all(clients);
    expect(new Set(statuses)).toEqual(new Set([200, 404]));
  });

  test("that cannot be used changes nothing", async () => {
    const gateway = await startTestGateway();
    const broken = { agents: { defaults: { model: "nobody/knows" } } };
    await expect(gateway.reload(broken, otherToken)).rejects.toThrow(/agents\.defaults\.model.*'nobody'/);
    expect((await say(gateway, "@@agent")).text).toBe("main");
  });

  test("is held against the address that the gateway has, and not against its own", async () => {
    const gateway = await startTestGateway({ config: { gateway: { bind: "lan" } } });
    const open = { gateway: { bind: "loopback", auth: { mode: "none" } } };
    await expect(gateway.reload(open)).rejects.toThrow("allowed on loopback only");
    await gateway.reload({ gateway: { bind: "loopback" } });
    expect(gateway.gateway.config.gateway.bind).toBe("lan");
  });

  test("keeps sessions, and who is in line for them", async () => {
    const gateway = await startTestGateway();
    const body = { user: "ada" };
    const first = say(gateway, "@@words 5 delay=20ms", { body });
    await untilLive(gateway, 1);
    await gateway.reload({});
    const second = say(gateway, "@@messages", { body });
    const texts = [(await first).text, (await second).text];
    expect(JSON.parse(texts[1] ?? "")).toEqual([
      { role: "user", content: "@@words 5 delay=20ms" },
      { role: "assistant", content: texts[0] },
      { role: "user", content: "@@messages" },
    ]);
  });
});

describe("a tool server", () => {
  const start = (rest: object): object => ({
    mcp: { servers: { fixture: misbehave("plain", rest) } },
    agents: { list: [{ id: "main", default: true, tools: { fixture: ["*"] } }, { id: "beta" }] },
  });
  const pid = (gateway: TestGateway): Promise<string> =>
    say(gateway, "@@tool fixture__pid {}\n@@then {result}").then(({ text }) => text);

  test("goes on as it is if nothing is said of it, and is another if something is", async () => {
    const gateway = await startTestGateway({ config: start({}) });
    const first = await pid(gateway);
    expect(first).toMatch(/^\d+$/);
    await gateway.reload(start({}), testToken);
    expect(await pid(gateway)).toBe(first);
    const long = say(gateway, "@@words 5 delay=20ms", { body: { stream: true } });
    await untilLive(gateway, 1);
    await gateway.reload(start({ env: { SOMETHING: "new" } }));
    expect(await pid(gateway)).not.toBe(first);
    await long;
    await expect.poll(() => isRunning(Number(first)), { interval: 20 }).toBe(false);
  });
});

describe("a configuration that cannot be put in force", () => {
  const server = { mcp: { servers: { fixture: misbehave("plain") } } };
  const withTool = { ...server, agents: { list: [{ id: "main", default: true, tools: { fixture: ["*"] } }] } };
  /** Fails where nothing of a configuration is checked any more. */
  const credential = Object.defineProperty({ mode: "token", origin: "configured" } as Credential, "secret", {
    get: () => {
      throw new Error("broken");
    },
  });

  test("changes nothing, leaves nothing behind, and is no change in the audit", async () => {
    const keys = { ci: { sha256: "0".repeat(64), requestsPerMinute: 60 } };
    const gateway = await startTestGateway({ config: { ...withTool, gateway: { auth: { keys } } } });
    const pid = Number((await say(gateway, "@@tool fixture__pid {}\n@@then {result}")).text);
    const { config } = gateway.gateway;
    const broken = { ...config, sessions: { ...config.sessions, lane: { waitingMax: 0, waitMs: 100 } } };
    const options = { config: broken, folder: import.meta.dirname, credential, log: createSilentLog() };
    await expect(gateway.gateway.reload(options)).rejects.toThrow("broken");

    expect(gateway.gateway.config).toBe(config);
    const { leave } = await hold(gateway, { body: { user: "a" } });
    const waits = say(gateway, "@@echo waited", { body: { user: "a" } });
    await untilLive(gateway, 2);
    await leave();
    expect(await waits).toMatchObject({ status: 200, text: "waited" });
    // Whatever the failed one had of the tool server would keep it.
    await gateway.reload({});
    await expect.poll(() => isRunning(pid), { interval: 20 }).toBe(false);
    const audit = readFileSync(join(gateway.stateFolder, "audit.jsonl"), "utf8");
    expect(audit.match(/"configuration-change"/g)).toHaveLength(1);
  });

  test("stops a gateway that begins with it, with all that it has opened", async () => {
    const { config } = (await startTestGateway()).gateway;
    const stateFolder = mkdtempSync(join(tmpdir(), "clawgate-test-"));
    onEnd(() => rmSync(stateFolder, { recursive: true }));
    const options = { config, folder: stateFolder, stateFolder, credential, log: createSilentLog() };
    await expect(startGateway(options)).rejects.toThrow("broken");
    // A store that is closed leaves no lock.
    expect(readdirSync(stateFolder).filter((name) => name.includes("holder"))).toEqual([]);
  });
});
