import { expect, test } from "vitest";
import { ConfigError } from "../base/config/config-error.ts";
import { parseConfig } from "../base/config/load.ts";
import { assertToolGrants } from "./grants.ts";

test.for<[key: string, agents: object]>([
  [
    "agents.list[1].tools.files",
    {
      list: [
        { id: "main", tools: { web: ["*"] } },
        { id: "b", tools: { files: ["*"] } },
      ],
    },
  ],
  ["agents.defaults.tools.constructor", { defaults: { tools: { constructor: ["*"] } } }],
])("%s without such a server is refused", ([key, agents]) => {
  const config = parseConfig({ agents, mcp: { servers: { web: { url: "http://127.0.0.1:1/mcp" } } } });
  expect(() => assertToolGrants(config)).toThrow(ConfigError);
  expect(() => assertToolGrants(config)).toThrow(`${key} names a tool server that mcp.servers does not have.`);
});

test("tools of servers that are there are accepted, and so are none", () => {
  const config = parseConfig({
    agents: { list: [{ id: "main", tools: { web: ["search"] } }, { id: "b" }] },
    mcp: { servers: { web: { url: "http://127.0.0.1:1/mcp" } } },
  });
  expect(() => assertToolGrants(config)).not.toThrow();
});
