import { isIP } from "node:net";
import type { Config } from "../contract.ts";
import { checkAll, ConfigError } from "./config-error.ts";
import { findNearest } from "../nearest.ts";
import { assertKeys } from "./key-check.ts";
import { toProxyList } from "./proxy-list.ts";
import { assertPassword, assertToken } from "./secret.ts";
import { assertToolServer } from "./tool-server-check.ts";

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

/** Rules between keys that a schema cannot say. Throws `ConfigError` with all that are broken. */
export function assertUsable(config: Config): void {
  checkAll([
    () => assertAuth(config),
    () => toProxyList(config.gateway.trustedProxies),
    () => assertAgents(config),
    () => assertRunsReadable(config),
    () => assertKeys(config),
    ...Object.entries(config.mcp.servers).map(
      ([name, server]) =>
        () =>
          assertToolServer(name, server),
    ),
  ]);
}

function assertAuth(config: Config): void {
  const { auth, bind } = config.gateway;
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
  if (auth.mode === "trusted-proxy") assertTrustedProxy(config);
  if (auth.mode === "token" && auth.token !== undefined) assertToken("gateway.auth.token", auth.token);
  if (auth.mode === "password" && auth.password !== undefined)
    assertPassword("gateway.auth.password", auth.password, local);
}

/** A run that goes on, and that nobody could find again, would be of no use. */
function assertRunsReadable({ gateway: { http } }: Config): void {
  if (!http.endpoints.chatCompletions.detach || http.endpoints.runs.enabled) return;
  throw new ConfigError(
    "gateway.http.endpoints.chatCompletions.detach is true, but gateway.http.endpoints.runs.enabled is false: nobody could read the runs again.",
  );
}

/** What would let nobody in, or leave open who lets them in. */
function assertTrustedProxy({ gateway: { auth, bind, trustedProxies } }: Config): void {
  if (auth.trustedProxy === undefined) {
    throw new ConfigError(
      "gateway.auth.mode is 'trusted-proxy', but there is no gateway.auth.trustedProxy.userHeader.",
    );
  }
  if (auth.token !== undefined) {
    throw new ConfigError(
      "gateway.auth.token is set, but gateway.auth.mode is 'trusted-proxy'. Remove the token, or set the mode to 'token'.",
    );
  }
  if (trustedProxies.length === 0) {
    throw new ConfigError("gateway.auth.mode is 'trusted-proxy', but gateway.trustedProxies names no proxy.");
  }
  if (auth.trustedProxy.allowLoopback) return;
  if (isLoopback(toHost(bind)) || trustedProxies.every(isLoopback)) {
    throw new ConfigError(
      "gateway.auth.mode is 'trusted-proxy', but the proxy is on this machine, and gateway.auth.trustedProxy.allowLoopback is false: nobody could come in.",
    );
  }
}

function assertAgents({ agents }: Config): void {
  const ids = agents.list.map(({ id }) => id);
  const known = ids.length === 0 ? ["main"] : ids;
  checkAll([
    () => assertIds(ids),
    () => assertDefault(agents.list),
    ...Object.entries(agents.aliases).map(
      ([alias, id]) =>
        () =>
          assertAlias(alias, id, known),
    ),
  ]);
}

function assertIds(ids: readonly string[]): void {
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new ConfigError(`agents.list has the id '${twice}' twice.`);
}

function assertDefault(list: Config["agents"]["list"]): void {
  if (list.some((agent) => agent.id === "default" && !agent.default)) {
    throw new ConfigError(
      "agents.list has an agent 'default' that is not the default one; `openclaw/default` would not reach it.",
    );
  }
  const marked = list.filter((agent) => agent.default);
  if (marked.length > 1) {
    throw new ConfigError(
      `agents.list marks ${marked.map(({ id }) => `'${id}'`).join(" and ")} as default; one can be.`,
    );
  }
  if (list.length > 0 && marked.length === 0 && !list.some(({ id }) => id === "main")) {
    throw new ConfigError("agents.list has no agent 'main', so one of them must be marked `default: true`.");
  }
}

function assertAlias(alias: string, id: string, known: readonly string[]): void {
  if (!known.includes(id)) {
    const meant = findNearest(id, known);
    throw new ConfigError(
      `agents.aliases['${alias}'] names the agent '${id}', which does not exist.${meant === undefined ? "" : ` Did you mean '${meant}'?`}`,
    );
  }
  if (/^(openclaw([:/].*)?|agent:.*)$/.test(alias)) {
    throw new ConfigError(`agents.aliases['${alias}'] would hide the name that clawgate itself gives to an agent.`);
  }
}
