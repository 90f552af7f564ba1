import { assertValid, type Violation } from "@clawgate/contract";
import { type Config, fillConfig } from "../contract.ts";
import { assertUsable } from "./check.ts";
import { ConfigError } from "./config-error.ts";
import { findExpiring } from "./key-check.ts";
import { type FilledText, resolveReferences } from "./references.ts";
import { type Environment, loadSource, toStateFolder } from "./source.ts";
import { type ConfigWarning, findQuotationMarks } from "./suspicion.ts";

export interface LoadedConfig {
  readonly config: Config;
  /** Undefined when the defaults hold. */
  readonly path: string | undefined;
  /** What relative paths in the configuration start from. */
  readonly folder: string;
  readonly stateFolder: string;
  /** What is hardly meant as it stands; for whoever starts the process. */
  readonly warnings: readonly ConfigWarning[];
  /** Texts that hold the value of a variable or a file, and how they may be shown. */
  readonly filled: readonly FilledText[];
}

export interface LoadOptions {
  readonly path?: string | undefined;
  /** What the command line says of `gateway.port` and `gateway.bind`; it wins over everything. */
  readonly port?: string | undefined;
  readonly bind?: string | undefined;
  readonly environment: Environment;
  readonly cwd: string;
}

/** Finds, reads and checks the configuration. Throws `ConfigError`, whose message says which key is wrong. */
export function loadConfig({ path, port, bind, environment, cwd }: LoadOptions): LoadedConfig {
  const source = loadSource(environment, path, cwd);
  const { value, filled, warnings } = resolveReferences(source.value, environment, source.folder);
  const config = parseConfig(value, source.path);
  const overriding = overrideFromEnvironment(config, environment);
  if (port !== undefined) config.gateway.port = toPort(port, "--port");
  if (bind !== undefined) config.gateway.bind = bind;
  assertUsable(config);
  return {
    config,
    path: source.path,
    folder: source.folder,
    stateFolder: toStateFolder(environment),
    warnings: [...warnings, ...overriding, ...findExpiring(config, Date.now())],
    filled,
  };
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

/** What an operator says when starting the process wins over the file. Returns what is suspicious about it. */
function overrideFromEnvironment({ gateway }: Config, environment: Environment): ConfigWarning[] {
  const port = environment["OPENCLAW_GATEWAY_PORT"]?.trim();
  const token = environment["OPENCLAW_GATEWAY_TOKEN"]?.trim();
  const password = environment["OPENCLAW_GATEWAY_PASSWORD"]?.trim();
  const warnings: ConfigWarning[] = [];
  const override = (key: "token" | "password", value: string): void => {
    gateway.auth[key] = value;
    const problem = findQuotationMarks(value);
    const variable = `OPENCLAW_GATEWAY_${key.toUpperCase()}`;
    if (problem !== undefined)
      warnings.push({ key: `gateway.auth.${key}`, problem: `(from the environment variable ${variable}) ${problem}` });
  };
  if (port) gateway.port = toPort(port, "OPENCLAW_GATEWAY_PORT");
  // A secret in the environment is no reason to doubt a configuration that does not use one.
  if (token && gateway.auth.mode !== "trusted-proxy") override("token", token);
  if (password && gateway.auth.mode === "password") override("password", password);
  return warnings;
}

function toPort(text: string, name: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new ConfigError(`${name} must be a port number from 0 to 65535, but is '${text.slice(0, 32)}'.`);
}
