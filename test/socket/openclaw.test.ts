import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { describe, expect } from "vitest";
import { onEnd } from "../end.fixture.ts";
import { test, testToken } from "../gateway.fixture.ts";
import { connect } from "./client.fixture.ts";

/** `openclaw.mjs` of the package openclaw, exactly 2026.9.6: it takes 644 MB, so that nothing here depends on it. */
const program = process.env["OPENCLAW_BIN"];
if (program === undefined)
  console.warn("SKIPPED: OPENCLAW_BIN does not name the openclaw command line (npm install openclaw@2026.9.6)");

describe.skipIf(program === undefined)("the openclaw command line in remote mode", () => {
  /** A home of its own, whose configuration names the gateway and nothing else. */
  function begin({ url }: { readonly url: string }, args: readonly string[]): ChildProcess {
    const home = mkdtempSync(join(tmpdir(), "clawgate-openclaw-"));
    const config = join(home, "openclaw.json");
    const remote = { url: url.replace("http", "ws"), token: testToken };
    writeFileSync(config, JSON.stringify({ gateway: { mode: "remote", remote } }));
    const env = {
      PATH: process.env["PATH"],
      HOME: home,
      OPENCLAW_STATE_DIR: join(home, "state"),
      OPENCLAW_CONFIG_PATH: config,
      NO_COLOR: "1",
    };
    const child = spawn(process.execPath, [String(program), ...args], {
      cwd: home,
      env,
      stdio: ["pipe", "pipe", "pipe"],
    });
    onEnd(() => {
      child.kill("SIGKILL");
      rmSync(home, { recursive: true, force: true });
    });
    return child;
  }

  async function runToEnd(gateway: { readonly url: string }, ...args: readonly string[]): Promise<string> {
    const { stdin, stdout } = begin(gateway, args);
    stdin?.end();
    return stdout === null ? "" : text(stdout);
  }

  test("says that the gateway is well, and which agents it has", async ({ gateway }) => {
    expect(await runToEnd(gateway, "health")).toMatch(/Agents: main \(default\), beta/);
    expect(await runToEnd(gateway, "status")).toContain("Sessions");
  });

  test("runs an agent, once and by its name", async ({ gateway }) => {
    const output = await runToEnd(gateway, "agent", "--agent", "beta", "--json", "--message", "@@agent");
    expect(JSON.parse(output)).toMatchObject({ status: "ok", result: { payloads: [{ text: "beta" }] } });
  });

  test("serves the Agent Client Protocol, so that editors talk to the gateway", async ({ gateway }) => {
    const { stdin, stdout } = begin(gateway, ["acp"]);
    if (stdin === null || stdout === null) throw new Error("no pipes");
    const told: Message[] = [];
    const waiting = new Map<number, (result: Result) => void>();
    createInterface({ input: stdout }).on("line", (line) => {
      const message = JSON.parse(line) as Message;
      if (message.id === undefined) told.push(message);
      else waiting.get(message.id)?.(message.result ?? {});
    });
    let ids = 0;
    const ask = (method: string, params: object): Promise<Result> => {
      const id = ++ids;
      stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
      return new Promise((resolve) => waiting.set(id, resolve));
    };
    await ask("initialize", { protocolVersion: 1, clientCapabilities: {} });
    const { sessionId } = await ask("session/new", { cwd: tmpdir(), mcpServers: [] });
    const prompt = [{ type: "text", text: "My name is Ada." }];
    expect(await ask("session/prompt", { sessionId, prompt })).toEqual({ stopReason: "end_turn" });
    const updates = told.map(({ params }) => params?.update ?? {});
    const said = updates.filter(({ sessionUpdate }) => sessionUpdate === "agent_message_chunk");
    const answer = said.map(({ content }) => content?.text).join("");
    const socket = await connect(gateway);
    const { sessions } = await socket.request("sessions.list", { limit: 1 });
    const { messages } = await socket.request("chat.history", { sessionKey: sessions[0]?.key ?? "" });
    expect(messages.map(({ role, content }) => [role, content[0]?.text])).toEqual([
      ["user", expect.stringContaining("My name is Ada.")],
      ["assistant", answer],
    ]);
  });
});

interface Result {
  readonly sessionId?: string;
  readonly stopReason?: string;
}

interface Message {
  readonly id?: number;
  readonly result?: Result;
  readonly params?: {
    readonly update?: { readonly sessionUpdate?: string; readonly content?: { readonly text: string } };
  };
}
