import { ConfigError } from "./config-error.ts";
import { headerTextRule, isHeaderName, isHeaderText, isWebAddress } from "./request-text.ts";
import type { ToolServerConfig } from "../contract.ts";

/** Keys of a program, which a server at a `url` cannot have, and the other way round. */
const programKeys = ["args", "env", "cwd"] as const;
const addressKeys = ["headers"] as const;

/**
 * Throws `ConfigError` for a server that is neither a program nor an address, or both, or that no program or request
 * could be made of. No message shows a value: Node's own would show the secret in it, at the first call.
 */
export function assertToolServer(name: string, server: ToolServerConfig): void {
  const key = `mcp.servers.${name}`;
  if ((server.command === undefined) === (server.url === undefined)) {
    throw new ConfigError(`${key} needs either a command or a url${server.url === undefined ? "" : ", not both"}.`);
  }
  const [kind, foreign] = server.url === undefined ? ["command", addressKeys] : ["url", programKeys];
  const stray = foreign.find((one) => !isEmpty(server[one]));
  if (stray !== undefined) throw new ConfigError(`${key}.${stray} has no meaning beside ${kind}.`);
  if (server.url !== undefined) assertAddress(key, server.url);
  if ([server.command, server.cwd, ...server.args].some((text) => text?.includes("\0"))) {
    throw new ConfigError(`${key} has a NUL character in its command, args or cwd.`);
  }
  for (const [variable, value] of Object.entries(server.env)) {
    if (variable === "" || /[=\0]/.test(variable) || value.includes("\0")) {
      throw new ConfigError(`${key}.env has a variable that no environment can hold.`);
    }
  }
  for (const [field, value] of Object.entries(server.headers)) {
    if (!isHeaderName(field)) throw new ConfigError(`${key}.headers.${field} is not the name of a header field.`);
    if (!isHeaderText(value)) throw new ConfigError(`${key}.headers.${field} ${headerTextRule}.`);
  }
}

function assertAddress(key: string, text: string): void {
  const url = URL.parse(text);
  if (url === null || !isWebAddress(text)) {
    throw new ConfigError(`${key}.url is no address: it has to be like https://tools.example/mcp.`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new ConfigError(`${key}.url may not hold a user or password; give them in ${key}.headers.`);
  }
}

function isEmpty(value: string | object | undefined): boolean {
  return value === undefined || (typeof value === "object" && Object.keys(value).length === 0);
}
