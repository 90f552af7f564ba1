import type { ToolServerConfig } from "../../base/contract.ts";
import { toCause } from "./tool-failure.ts";

export interface Unreachable {
  readonly name: string;
  readonly config: ToolServerConfig;
  readonly cause: unknown;
  /** The last line that the program has written about itself. */
  readonly lastWords: string | undefined;
}

/** Why a server cannot be reached and what to do about it, for its operator: with the keys of the configuration. */
export function toAdvice({ name, config, cause, lastWords }: Unreachable): string {
  const key = `mcp.servers.${name}`;
  const said = lastWords === undefined ? "" : ` It has said: ${lastWords}`;
  return `${config.url === undefined ? toProgramAdvice(key, config, cause) : toAddressAdvice(key, config, cause)}${said}`;
}

function toProgramAdvice(key: string, { command = "", connectMs }: ToolServerConfig, cause: unknown): string {
  const code = findCode(cause);
  if (code === "ENOENT") {
    return `there is no program '${command}', or no such folder to start it in. Install it, or correct ${key}.command or ${key}.cwd.`;
  }
  if (code === "EACCES")
    return `'${command}' may not be started: it is no program, or this user may not; see ${key}.command.`;
  if (code === "CONNECTION_CLOSED" || code === "EPIPE") {
    return `the program ended before it answered; run the command of ${key} by hand, with its env, to see why.`;
  }
  if (!isLate(cause)) return `${toCause(cause)}; see ${key}.`;
  return `no answer within ${connectMs} ms; see whether ${key} is a tool server at all, or raise ${key}.connectMs.`;
}

function toAddressAdvice(key: string, { connectMs, url = "" }: ToolServerConfig, cause: unknown): string {
  const host = URL.parse(url)?.host ?? "";
  const status = cause instanceof Error && "status" in cause ? Number(cause.status) : undefined;
  if (status === 401 || status === 403)
    return `${host} refuses the gateway (HTTP status ${status}); see ${key}.headers.`;
  if (status !== undefined) return `${host} answers with HTTP status ${status}; see ${key}.url.${toHint(url)}`;
  if (isLate(cause)) return `no answer from ${host} within ${connectMs} ms; see ${key}.url, or raise ${key}.connectMs.`;
  const code = findCode(cause);
  if (code === "ECONNREFUSED" || code === "ENOTFOUND" || cause instanceof TypeError) {
    return `nobody answers at ${host} (${code ?? toCause(cause)}); start the server, or see ${key}.url.`;
  }
  return `${toCause(cause)}; see ${key}.url.`;
}

/** The transport of the first revision went out of use in 2025, and its addresses stand in many instructions. */
function toHint(url: string): string {
  const isOld = URL.parse(url)?.pathname.replace(/\/$/, "").endsWith("/sse") === true;
  return isOld
    ? " It looks like one of the old HTTP+SSE transport; most such servers have Streamable HTTP at /mcp."
    : "";
}

/** The innermost one, which says what the operating system or the library has met. */
function findCode(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  const own = "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
  return findCode(cause.cause) ?? own;
}

function isLate(cause: unknown): boolean {
  return cause instanceof Error && cause.message.startsWith("not within ");
}
