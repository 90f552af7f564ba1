import { assertValid, type Violation } from "@clawgate/contract";
import { type Config, fillConfig } from "../contract.ts";
import { assertUsable } from "./check.ts";
import { ConfigError } from "./config-error.ts";
import { resolveReferences } from "./references.ts";
import { type Environment, loadSource, toStateFolder } from "./source.ts";

export interface LoadedConfig {
  readonly config: Config;
  /** Undefined when the defaults hold. */
  readonly path: string | undefined;
  /** What relative paths in the configuration start from. */
  readonly folder: string;
  readonly stateFolder: string;
}

export interface LoadOptions {
  readonly path?: string | undefined;
  readonly environment: Environment;
  readonly cwd: string;
}

/** Finds, reads and checks the configuration. Throws `ConfigError`, whose message says which key is wrong. */
export function loadConfig({ path, environment, cwd }: LoadOptions): LoadedConfig {
  const source = loadSource(environment, path, cwd);
  const config = parseConfig(resolveReferences(source.value, environment, source.folder), source.path);
  overrideFromEnvironment(config, environment);
  assertUsable(config);
  return { config, path: source.path, folder: source.folder, stateFolder: toStateFolder(environment) };
}

/** Checks a value against the contract and fills the defaults in. */
export function parseConfig(value: unknown, path = "the configuration"): Config {
  const config: unknown = structuredClone(value);
  assertValid(fillConfig, config, (violation) => toConfigError(violation, path), "the configuration");
  return config;
}

function toConfigError({ code, param, message }: Violation, path: string): ConfigError {
  const hint = code === "unknown_parameter" ? " generated/config.md lists the keys." : "";
  return new ConfigError(`${path}: ${message.replace("parameter", "key")}${param === null ? "" : hint}`);
}

/** What an operator says when starting the process wins over the file. */
function overrideFromEnvironment(config: Config, environment: Environment): void {
  const {
    OPENCLAW_GATEWAY_PORT: port,
    OPENCLAW_GATEWAY_TOKEN: token,
    OPENCLAW_GATEWAY_PASSWORD: password,
  } = environment;
  if (port) config.gateway.port = toPort(port);
  if (token) config.gateway.auth.token = token;
  // A password in the environment is no reason to doubt a configuration that does not use one.
  if (password && config.gateway.auth.mode === "password") config.gateway.auth.password = password;
}

function toPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new ConfigError(`OPENCLAW_GATEWAY_PORT must be a port number from 0 to 65535, but is '${text.slice(0, 32)}'.`);
}
