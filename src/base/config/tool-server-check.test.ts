import { expect, test } from "vitest";
import { ConfigError } from "./config-error.ts";
import type { ToolServerConfig } from "../contract.ts";
import { assertToolServer } from "./tool-server-check.ts";
import { fill } from "../../tool/mcp/tool-servers.fixture.ts";

const url = "http://127.0.0.1:3001/mcp";

test.for<[name: string, server: Partial<ToolServerConfig>, message: string]>([
  ["neither", {}, "mcp.servers.files needs either a command or a url."],
  ["both", { command: "x", url }, "mcp.servers.files needs either a command or a url, not both."],
  ["args of a url", { url, args: ["x"] }, "mcp.servers.files.args has no meaning beside url."],
  ["env of a url", { url, env: { A: "1" } }, "mcp.servers.files.env has no meaning beside url."],
  ["cwd of a url", { url, cwd: "." }, "mcp.servers.files.cwd has no meaning beside url."],
  ["headers of a command", { command: "x", headers: { a: "1" } }, "mcp.servers.files.headers has no meaning"],
  ["no URL", { url: "http://[" }, "mcp.servers.files.url is no address"],
  ["a host in braces", { url: "http://{host}/mcp" }, "mcp.servers.files.url is no address"],
  ["a URL with a password", { url: "http://me:hunter2@localhost/" }, "mcp.servers.files.url may not hold a user"],
  [
    "a header that is none",
    { url, headers: { "x-key": "hunter2\nx" } },
    "mcp.servers.files.headers.x-key cannot stand in an HTTP header",
  ],
  ["an environment that is none", { command: "x", env: { A: "hunter2\0" } }, "mcp.servers.files.env has a variable"],
  ["an argument that is none", { command: "x", args: ["hunter2\0"] }, "mcp.servers.files has a NUL character"],
])("%s is refused, without the value", ([, server, message]) => {
  const check = (): void => assertToolServer("files", fill(server));
  expect(check).toThrow(ConfigError);
  expect(check).toThrow(message);
  expect(check).not.toThrow("hunter2");
});

test.for<[Partial<ToolServerConfig>]>([
  [{ command: "npx", args: ["-y", "x"], env: { A: "" }, cwd: "tools" }],
  [{ url, headers: { authorization: "Bearer x" } }],
])("%j is accepted", ([server]) => {
  expect(() => assertToolServer("files", fill(server))).not.toThrow();
});
