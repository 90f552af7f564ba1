import { ConfigError } from "../base/config/config-error.ts";
import type { Config } from "../base/contract.ts";

/** The most tools that an agent has of tool servers. Vendors take no more, and a model that chooses among more chooses badly. */
export const agentToolsMax = 128;

/** Throws `ConfigError` for an agent whose `tools` names a server that `mcp.servers` does not have. */
export function assertToolGrants({ agents, mcp }: Pick<Config, "agents" | "mcp">): void {
  const places = [
    { key: "agents.defaults.tools", tools: agents.defaults.tools },
    ...agents.list.map(({ tools }, index) => ({ key: `agents.list[${index}].tools`, tools })),
  ];
  for (const { key, tools } of places) {
    const unknown = Object.keys(tools ?? {}).find((server) => !Object.hasOwn(mcp.servers, server));
    if (unknown !== undefined) {
      throw new ConfigError(`${key}.${unknown} names a tool server that mcp.servers does not have.`);
    }
  }
}
