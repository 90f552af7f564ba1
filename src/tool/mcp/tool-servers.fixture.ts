import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compileCache } from "../../../test/compile-cache.fixture.ts";
import { onEnd } from "../../../test/end.fixture.ts";
import type { ToolServerConfig } from "../../base/contract.ts";
import { createLog } from "../../base/log.ts";
import type { ToolResult, ToolServers, ToolSet } from "../tool-set.ts";
import { createToolServers } from "./tool-servers.ts";

/** A configuration as the guard leaves it: with its defaults. */
export function fill(server: Partial<ToolServerConfig>): ToolServerConfig {
  const limits = { connectMs: 60_000, timeoutMs: 60_000, outputBytesMax: 65_536 };
  return { args: [], env: {}, headers: {}, ...limits, ...server };
}

/** `tool-server.fixture.ts` with one of its behaviours. */
export function misbehave(behaviour: string, rest: Partial<ToolServerConfig> = {}): ToolServerConfig {
  const args = [join(import.meta.dirname, "tool-server.fixture.ts"), behaviour];
  return runNode(args, rest);
}

/** A program of ours. */
export function runNode(args: string[], rest: Partial<ToolServerConfig> = {}): ToolServerConfig {
  return fill({ command: process.execPath, args, ...rest, env: { ...compileCache, ...rest.env } });
}

export interface Started {
  readonly servers: ToolServers;
  /** Every line of the log so far, as one text. */
  readonly log: () => string;
  /** Opens the named servers with all their tools. */
  readonly open: (...names: string[]) => Promise<ToolSet>;
}

/** Stopped when the test is finished. */
export function startToolServers(configs: Record<string, ToolServerConfig>): Started {
  let written = "";
  const log = createLog("debug", { write: (line) => void (written += line) });
  const servers = createToolServers(configs, { folder: import.meta.dirname, log });
  onEnd(() => servers.stop());
  return {
    servers,
    log: () => written,
    open: (...names) => servers.open(Object.fromEntries(names.map((name) => [name, ["*"]])), neverAborted()),
  };
}

export function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

export function call(set: ToolSet, name: string, args: object = {}): Promise<ToolResult> {
  return set.call(name, JSON.stringify(args), neverAborted());
}

export function toNames({ tools }: ToolSet): string[] {
  return tools.map((tool) => tool.function.name);
}

/** A process that has ended and that nobody has asked about yet, as containers keep them, does not run. */
export function isRunning(pid: number): boolean {
  try {
    if (!existsSync("/proc/self/stat")) return process.kill(pid, 0);
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
