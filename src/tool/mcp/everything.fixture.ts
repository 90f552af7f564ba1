import { randomInt } from "node:crypto";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { compileCache } from "../../../test/compile-cache.fixture.ts";

// A dependency of the tests' own package, wherever npm has put it.
const clients = createRequire(join(import.meta.dirname, "../../../test/client/package.json"));
const folder = dirname(clients.resolve("@modelcontextprotocol/server-everything/package.json"));
const entry = join(folder, "dist/index.js");

/** The MCP project's own server of everything, as a program. */
export const everythingStdio: {
  readonly command: string;
  readonly args: string[];
  readonly env: Readonly<Record<string, string>>;
} = {
  command: process.execPath,
  args: [entry, "stdio"],
  env: compileCache,
};

export interface EverythingHttp {
  readonly url: string;
  stop(): Promise<void>;
}

/** The same over streamable HTTP. `port` to start it again where it was; else it gets a free one. */
export async function startEverythingHttp(port?: number): Promise<EverythingHttp> {
  const own = port ?? (await findFreePort());
  const child = spawn(process.execPath, [entry, "streamableHttp"], {
    env: { ...compileCache, PORT: String(own) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  await waitUntilListening(child);
  return {
    url: `http://127.0.0.1:${own}/mcp`,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

/** Below those that systems give to whoever names none (Linux: from 32,768), so that nobody else has it a moment later. */
const ports = { from: 20_000, to: 32_000 };

/** The server cannot tell which port it has been given, so port 0 is no use to it. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = randomInt(ports.from, ports.to);
    const server = createServer().listen(port);
    try {
      // oxlint-disable-next-line no-await-in-loop -- one port after the other
      await once(server, "listening");
    } catch {
      continue;
    }
    server.close();
    // oxlint-disable-next-line no-await-in-loop -- the same
    await once(server, "close");
    return port;
  }
}

async function waitUntilListening(child: ChildProcess): Promise<void> {
  let said = "";
  for await (const chunk of child.stderr ?? []) {
    said += String(chunk);
    if (!said.includes("listening on port")) continue;
    break;
  }
  if (!said.includes("listening on port")) throw new Error(`server-everything did not start: ${said}`);
}
