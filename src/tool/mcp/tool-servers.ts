import { contractVersion, type FunctionTool, type ToolServerConfig } from "../../base/contract.ts";
import type { Log } from "../../base/log.ts";
import type { ToolServerReport, ToolServers, ToolSet } from "../tool-set.ts";
import { parseArguments } from "./parse-arguments.ts";
import { assertToolServer } from "../../base/config/tool-server-check.ts";
import { type ServerAndTool, toModelNames, toNamePrefix } from "./names.ts";
import { agentToolsMax } from "../grants.ts";
import type { OfferedTool } from "./tool-page.ts";
import { createToolServer, type ToolServer } from "./tool-server.ts";

type Grants = Parameters<ToolServers["open"]>[0];

export interface ToolServersOptions {
  /** What a server's `cwd` is relative to. */
  readonly folder: string;
  readonly log: Log;
}

/** A tool that a run may use. */
interface GrantedTool extends ServerAndTool {
  readonly from: ToolServer;
  readonly offered: OfferedTool;
}

interface Given {
  readonly lists: readonly (readonly OfferedTool[])[];
  readonly set: ToolSet;
}

const nothing: readonly OfferedTool[] = [];

export interface ExaminedToolServers extends ToolServers {
  /** Connects all servers at once, each within its `connectMs`, and tells what there is, in the configuration's order. */
  examine(): Promise<readonly ToolServerReport[]>;
}

/** Servers of the Model Context Protocol. Throws `ConfigError` for one that could never be connected. */
export function createToolServers(
  configs: Readonly<Record<string, ToolServerConfig>>,
  { folder, log }: ToolServersOptions,
): ExaminedToolServers {
  const servers = new Map<string, ToolServer>();
  for (const [name, config] of Object.entries(configs)) {
    assertToolServer(name, config);
    const options = { name, config, folder, version: contractVersion, log: log.child({ toolServer: name }) };
    servers.set(name, createToolServer(options));
  }
  /** What was already said, so that not every run says it again. */
  const missed = new Set<string>();
  /** Of each agent, by its grants: what it was given last, and of which lists. */
  const given = new WeakMap<Grants, Given>();

  function grant(server: string, allowed: ReadonlySet<string>, list: readonly OfferedTool[]): GrantedTool[] {
    const from = servers.get(server);
    if (from === undefined) return [];
    const offered = new Map(list.map((tool) => [tool.name, tool]));
    if (offered.size > 0) {
      for (const tool of allowed) if (tool !== "*" && !offered.has(tool)) miss(server, tool);
    }
    return [...offered.values()]
      .filter(({ name }) => allowed.has("*") || allowed.has(name))
      .map((tool) => ({ server, tool: tool.name, from, offered: tool }));
  }

  /** Thousands of tools take a while to be named, and their lists hardly ever change. */
  function toToolSet(grants: Grants, lists: readonly (readonly OfferedTool[])[]): ToolSet {
    const known = given.get(grants);
    if (known?.lists.every((list, index) => list === lists[index]) === true) return known.set;
    const granted = Object.entries(grants).flatMap(([server, allowed], index) =>
      grant(server, new Set(allowed), lists[index] ?? []),
    );
    if (granted.length > agentToolsMax) warnOfMany(Object.keys(grants), granted.length);
    const set = createToolSet(granted.slice(0, agentToolsMax), Object.keys(grants));
    given.set(grants, { lists, set });
    return set;
  }

  function warnOfMany(toolServers: readonly string[], tools: number): void {
    const told = `an agent may use more than ${agentToolsMax} tools: the first ones count; name those that it needs in its 'tools'`;
    log.warn({ toolServers, tools }, told);
  }

  function miss(server: string, tool: string): void {
    const key = JSON.stringify([server, tool]);
    if (missed.has(key)) return;
    missed.add(key);
    log.warn({ toolServer: server, tool }, "an agent may use a tool that the tool server does not have");
  }

  return {
    async open(grants: Grants, signal) {
      signal.throwIfAborted();
      const lists = Object.keys(grants).map(async (server) => (await servers.get(server)?.list(signal)) ?? nothing);
      return toToolSet(grants, await Promise.all(lists));
    },
    examine: () => Promise.all([...servers.values()].map((server) => server.examine())),
    async stop() {
      await Promise.all([...servers.values()].map((server) => server.stop()));
    },
  };
}

function createToolSet(granted: readonly GrantedTool[], servers: readonly string[]): ToolSet {
  const byName = new Map<string, GrantedTool>();
  for (const [index, name] of toModelNames(granted).entries()) {
    const tool = granted[index];
    if (tool !== undefined && !byName.has(name)) byName.set(name, tool);
  }
  const prefixes = servers.map(toNamePrefix);
  return {
    owns: (name) => byName.has(name) || prefixes.some((prefix) => name.startsWith(prefix)),
    find(name) {
      const tool = byName.get(name);
      return tool === undefined ? { tool: name.slice(0, 64) } : { server: tool.server, tool: tool.tool };
    },
    tools: [...byName].map(([name, tool]) => toFunctionTool(name, tool)),
    async call(name, args, signal, trace) {
      signal.throwIfAborted();
      const tool = byName.get(name);
      if (tool === undefined) return { text: `There is no tool '${name.slice(0, 64)}' at present.`, failed: true };
      const parsed = parseArguments(args);
      if (typeof parsed === "string") return { text: parsed, failed: true };
      return tool.from.call(tool.offered, parsed, signal, trace);
    },
  };
}

function toFunctionTool(name: string, { offered: { description, parameters } }: GrantedTool): FunctionTool {
  const described = description === undefined ? {} : { description };
  return { type: "function", function: { name, ...described, parameters } };
}
