import { resolve } from "node:path";
import { readFile } from "../../base/config/file-trust.ts";
import { ConfigError } from "../../base/config/config-error.ts";
import type { LoadedConfig } from "../../base/config/load.ts";
import { loadCredential } from "../../edge/credential.ts";
import { findPresence } from "../presence.ts";
import type { Terminal } from "../terminal.ts";

/** Where a gateway is, and what to show it. */
export interface GatewayAddress {
  /** `ws:` or `wss:`. */
  readonly url: string;
  readonly auth: { readonly token: string } | { readonly password: string } | undefined;
}

/** A gateway to talk to, or why there is none. */
export type FoundGateway =
  | { readonly address: GatewayAddress; readonly why?: undefined }
  | { readonly why: string; readonly address?: undefined };

export interface AddressOptions {
  readonly url?: string;
  readonly tokenFile?: string;
}

const tokenBytesMax = 4_096;

/**
 * The gateway of `--url`. What is shown to it is the file of `--token-file` or what the environment has: the secrets of
 * this machine's configuration are for its own gateway alone. Throws `ConfigError`.
 */
export function toGivenAddress(url: string, { tokenFile }: AddressOptions, terminal: Terminal): GatewayAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const protocol = parsed && protocols.get(parsed.protocol);
  if (parsed === undefined || protocol === undefined)
    throw new ConfigError(`--url must be an address as ws://127.0.0.1:18789 or https://gateway.example.`);
  if (parsed.username !== "" || parsed.password !== "" || parsed.search !== "")
    throw new ConfigError("--url must be an address alone: a secret goes into --token-file or the environment.");
  const { environment } = terminal;
  const [token, password] = [environment["OPENCLAW_GATEWAY_TOKEN"], environment["OPENCLAW_GATEWAY_PASSWORD"]];
  const auth = tokenFile !== undefined ? readToken(tokenFile, terminal) : toAuth(token, password);
  if (protocol === "ws:" && auth !== undefined && !isHere(parsed.hostname))
    terminal.note(`warning: ${parsed.host} is told the secret in the clear; over wss: it would not be.`);
  return { url: `${protocol}//${parsed.host}${parsed.pathname}`, auth };
}

/** The gateway that runs on the state folder, if it is one of this configuration. Throws `ConfigError`. */
export function findAddress(loaded: LoadedConfig, { tokenFile }: AddressOptions, terminal: Terminal): FoundGateway {
  const { config, path, stateFolder } = loaded;
  const presence = findPresence(stateFolder);
  if (presence === undefined) return { why: `no gateway runs on the state folder ${stateFolder}` };
  // A gateway of an earlier version does not say where it is.
  if (!URL.canParse(presence.url)) return { why: "the gateway that runs is of another version" };
  if (path !== undefined && path !== presence.config)
    return { why: `the gateway that runs has another configuration, ${presence.config ?? "the defaults"}` };
  if (!config.gateway.websocket.enabled) return { why: "gateway.websocket.enabled is false" };
  if (config.gateway.auth.mode === "trusted-proxy" && tokenFile === undefined)
    return { why: "gateway.auth.mode is 'trusted-proxy', and --token-file names no key" };
  const credential = loadCredential(config, stateFolder);
  const own = "secret" in credential ? { [credential.mode]: credential.secret } : {};
  const auth = tokenFile !== undefined ? readToken(tokenFile, terminal) : toAuth(own["token"], own["password"]);
  return { address: { url: presence.url.replace(/^http/, "ws"), auth } };
}

const protocols: ReadonlyMap<string, "ws:" | "wss:"> = new Map([
  ["ws:", "ws:"],
  ["http:", "ws:"],
  ["wss:", "wss:"],
  ["https:", "wss:"],
]);

function toAuth(token: string | undefined, password: string | undefined): GatewayAddress["auth"] {
  if (token !== undefined && token !== "") return { token };
  return password === undefined || password === "" ? undefined : { password };
}

function readToken(path: string, { cwd }: Terminal): { readonly token: string } {
  try {
    const token = readFile(resolve(cwd, path), { bytesMax: tokenBytesMax }).text.trim();
    if (token !== "") return { token };
  } catch (cause) {
    throw new ConfigError(`--token-file ${path} cannot be used: ${(cause as Error).message}.`, { cause });
  }
  throw new ConfigError(`--token-file ${path} is empty.`);
}

function isHere(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
