import { isIP } from "node:net";
import type { Config } from "../contract.ts";
import { ConfigError } from "./config-error.ts";
import { assertToolServer } from "./tool-server-check.ts";

/** The fewest characters of a secret that strangers on a network may guess at. */
export const networkSecretMin = 24;

/** What people leave in a file by mistake; none of it is a secret. */
const placeholders = new Set([
  "undefined",
  "null",
  "changeme",
  "change-me",
  "your_token",
  "your-token",
  "token",
  "password",
  "secret",
]);

/** The address that `gateway.bind` stands for. */
export function toHost(bind: string): string {
  if (bind === "loopback" || bind === "localhost") return "127.0.0.1";
  if (bind === "lan") return "0.0.0.0";
  if (isIP(bind) !== 0) return bind;
  throw new ConfigError(`gateway.bind must be 'loopback', 'lan' or an IP address, but is '${bind.slice(0, 64)}'.`);
}

export function isLoopback(host: string): boolean {
  return host.startsWith("127.") || host === "::1" || host === "localhost";
}

/** Rules between keys that a schema cannot say. Throws `ConfigError`. */
export function assertUsable(config: Config): void {
  assertAuth(config);
  assertAgents(config);
  for (const [name, server] of Object.entries(config.mcp.servers)) assertToolServer(name, server);
}

function assertAuth({ gateway: { auth, bind } }: Config): void {
  const local = isLoopback(toHost(bind));
  if (auth.mode === "none" && !local) {
    throw new ConfigError(`gateway.auth.mode 'none' is allowed on loopback only, but gateway.bind is '${bind}'.`);
  }
  if (auth.mode !== "password" && auth.password !== undefined) {
    throw new ConfigError(
      `gateway.auth.password is set, but gateway.auth.mode is '${auth.mode}'. Set the mode to 'password' or remove the password.`,
    );
  }
  if (auth.mode === "password" && auth.password === undefined) {
    throw new ConfigError(
      "gateway.auth.mode is 'password', but there is no gateway.auth.password (or OPENCLAW_GATEWAY_PASSWORD).",
    );
  }
  if (auth.mode === "token" && auth.token !== undefined) assertSecret("gateway.auth.token", auth.token, local);
  if (auth.mode === "password" && auth.password !== undefined)
    assertSecret("gateway.auth.password", auth.password, local);
}

/** Throws `ConfigError` for what is no secret, or too weak a one for strangers to guess at. */
export function assertSecret(key: string, secret: string, local: boolean): void {
  if (placeholders.has(secret.trim().toLowerCase()) || secret.trim() === "" || secret.startsWith("${")) {
    throw new ConfigError(`${key} is a placeholder or empty, not a secret.`);
  }
  if (!/^[\x21-\x7e]+$/.test(secret)) {
    throw new ConfigError(`${key} must consist of visible ASCII characters, since it travels in an HTTP header.`);
  }
  if (!local && secret.length < networkSecretMin) {
    throw new ConfigError(
      `${key} has ${secret.length} characters; off loopback it needs at least ${networkSecretMin}. Try: openssl rand -hex 32`,
    );
  }
}

function assertAgents({ agents }: Config): void {
  const ids = agents.list.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new ConfigError(`agents.list has the id '${twice}' twice.`);
  if (agents.list.some((agent) => agent.id === "default" && !agent.default)) {
    throw new ConfigError(
      "agents.list has an agent 'default' that is not the default one; `openclaw/default` would not reach it.",
    );
  }
  const marked = agents.list.filter((agent) => agent.default);
  if (marked.length > 1) {
    throw new ConfigError(
      `agents.list marks ${marked.map(({ id }) => `'${id}'`).join(" and ")} as default; one can be.`,
    );
  }
  if (ids.length > 0 && marked.length === 0 && !ids.includes("main")) {
    throw new ConfigError("agents.list has no agent 'main', so one of them must be marked `default: true`.");
  }
  for (const [alias, id] of Object.entries(agents.aliases)) {
    if (!(ids.length === 0 ? ["main"] : ids).includes(id)) {
      throw new ConfigError(`agents.aliases['${alias}'] names the agent '${id}', which does not exist.`);
    }
    if (/^(openclaw([:/].*)?|agent:.*)$/.test(alias)) {
      throw new ConfigError(`agents.aliases['${alias}'] would hide the name that clawgate itself gives to an agent.`);
    }
  }
}
