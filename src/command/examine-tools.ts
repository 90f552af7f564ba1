import type { LoadedConfig } from "../base/config/load.ts";
import type { Config } from "../base/contract.ts";
import { examineToolServers } from "../runtime.ts";
import { agentToolsMax } from "../tool/grants.ts";
import type { ToolServerReport } from "../tool/tool-set.ts";
import type { Finding } from "./finding.ts";
import { createQuietLog } from "./terminal.ts";

/** More names would push the rest off the screen. */
const namesMax = 20;

/** Connects every tool server of the configuration, and ends it again. */
export async function examineTools(loaded: LoadedConfig): Promise<Finding[]> {
  const { config } = loaded;
  const reports = await examineToolServers({ ...loaded, log: createQuietLog() });
  return [
    ...reports.flatMap((report) => [...toFindings(report), ...toGrantFindings(report, config)]),
    ...toCrowdFindings(reports, config),
  ];
}

type AgentTools = Pick<Config["agents"]["list"][number], "id" | "tools">;

/** Agents that have more tools than an agent may have. */
function toCrowdFindings(reports: readonly ToolServerReport[], { agents }: Config): Finding[] {
  const offered = new Map(reports.map(({ name, tools }) => [name, tools]));
  const list: readonly AgentTools[] = agents.list.length > 0 ? agents.list : [{ id: "main" }];
  return list.flatMap(({ id, tools = agents.defaults.tools ?? {} }): Finding[] => {
    const counts = Object.entries(tools).map(([server, allowed]) => {
      const names = offered.get(server) ?? [];
      return allowed.includes("*") ? names.length : names.filter((name) => allowed.includes(name)).length;
    });
    const sum = counts.reduce((before, one) => before + one, 0);
    if (sum <= agentToolsMax) return [];
    const detail = `${sum} tools are more than the ${agentToolsMax} that an agent may have: the first ones count; name those that it needs`;
    return [{ state: "warn", what: `tools of ${id}`, detail }];
  });
}

function toFindings({ name, revision = "", tools: names, leftOut, failure }: ToolServerReport): Finding[] {
  const what = `tools ${name}`;
  if (failure !== undefined) return [{ state: "FAIL", what, detail: `cannot be reached: ${failure}` }];
  const more = names.length > namesMax ? ` and ${names.length - namesMax} more` : "";
  const list = names.length === 0 ? "no tools" : `${count(names)}: ${names.slice(0, namesMax).join(", ")}${more}`;
  return [
    { state: names.length === 0 ? "warn" : "ok", what, detail: `${list} (MCP ${revision})` },
    ...leftOut.map(({ tool, field, why }): Finding => {
      const told = tool === undefined ? "its list of tools is not used whole" : `the tool '${tool}' is left out`;
      return { state: "warn", what, detail: `${told}: ${field} ${why}` };
    }),
  ];
}

function count({ length }: readonly string[]): string {
  return length === 1 ? "1 tool" : `${length} tools`;
}

/** Who may use the server, and tools that are granted and not there. */
function toGrantFindings({ name, tools: names, failure }: ToolServerReport, { agents }: Config): Finding[] {
  const what = `tools ${name}`;
  const places = [
    { key: "agents.defaults", tools: agents.defaults.tools },
    ...agents.list.map(({ tools }, index) => ({ key: `agents.list[${index}]`, tools })),
  ];
  const grants = places.flatMap(({ key, tools }) => {
    const granted = tools?.[name];
    return granted === undefined ? [] : [{ key: `${key}.tools.${name}`, granted }];
  });
  if (grants.length === 0) return [{ state: "off", what, detail: "no agent may use it; name it in an agent's tools" }];
  if (failure !== undefined) return [];
  const known = new Set(["*", ...names]);
  return grants.flatMap(({ key, granted }) =>
    granted
      .filter((tool) => !known.has(tool))
      .map((tool): Finding => ({ state: "warn", what, detail: `${key} names '${tool}', which is none of its tools` })),
  );
}
