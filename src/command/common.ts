import { Option, type Command } from "commander";
import { findOwnSecrets } from "../base/config/own-secret.ts";
import { type LoadedConfig, loadConfig } from "../base/config/load.ts";
import { secureStateFolder } from "../base/config/state-folder.ts";
import type { Config } from "../base/contract.ts";
import { detectModel, isFindable } from "../model/detect.ts";
import { examineProviders } from "../model/own-address.ts";
import { assertProviders } from "../model/provider-check.ts";
import type { Terminal } from "./terminal.ts";

export interface CommonOptions {
  readonly config?: string;
  readonly port?: string;
  readonly bind?: string;
}

/** The option that every command has. */
export function addConfigOption(command: Command): Command {
  return command.addOption(
    new Option(
      "--config <file>",
      "the configuration (JSON5); else OPENCLAW_CONFIG_PATH, ./clawgate.json5, <state>/clawgate.json5",
    ),
  );
}

/** For a command that asks where the gateway listens, or makes it listen. */
export function addAddressOptions(command: Command): Command {
  return command
    .option("--port <number>", "the port, instead of gateway.port and OPENCLAW_GATEWAY_PORT; 0 takes a free one")
    .option("--bind <where>", "loopback, lan or an IP address, instead of gateway.bind");
}

/** A configuration in which every agent has a model. */
export interface ReadyConfig extends LoadedConfig {
  /** The model of agents that name none, and why it was chosen; undefined if there is no such agent. */
  readonly standard: { readonly model: string; readonly why: string } | undefined;
}

/**
 * Finds a model for the agents that name none. Throws `ConfigError` also where a provider would be shown what lets people
 * in here.
 */
export async function prepare(terminal: Terminal, given: LoadedConfig): Promise<ReadyConfig> {
  const own = findOwnSecrets(given.config, given.stateFolder);
  const loaded = { ...given, warnings: [...given.warnings, ...examineProviders(given.config, own)] };
  const { agents, models } = loaded.config;
  const chosen = agents.defaults.model;
  if (chosen !== undefined) {
    const model = typeof chosen === "string" ? chosen : chosen.primary;
    return { ...loaded, standard: { model, why: "agents.defaults.model" } };
  }
  if (agents.list.length > 0 && agents.list.every(({ model }) => model !== undefined)) {
    return { ...loaded, standard: undefined };
  }
  const found = await detectModel(models.providers, { environment: terminal.environment, own });
  const config: Config = {
    ...loaded.config,
    agents: { ...agents, defaults: { ...agents.defaults, model: found.model } },
    models: { ...models, providers: { ...models.providers, ...found.providers } },
  };
  return { ...loaded, config, standard: found, warnings: [...loaded.warnings, ...found.warnings] };
}

/** Says what is hardly meant as it stands, on a terminal whose output is somebody's answer. */
export function noteWarnings(terminal: Terminal, { warnings }: LoadedConfig): void {
  for (const { key, problem } of warnings) terminal.note(`${terminal.paint.note("odd", "warning:")} ${key} ${problem}`);
}

export function loadFor(terminal: Terminal, options: CommonOptions): LoadedConfig {
  const { config: path, port, bind } = options;
  const check = (config: Config): void => {
    // Where each agent names its model, nobody looks for another.
    const names = config.agents.list.map(({ model }) => model);
    const isSought = config.agents.defaults.model === undefined && (names.length === 0 || names.includes(undefined));
    assertProviders(config, (provider) => isSought && isFindable(provider));
  };
  return loadConfig({ path, port, bind, environment: terminal.environment, cwd: terminal.cwd, check });
}

/** For a command that uses what is in the state folder: nothing there is read before it is known to be ours. */
export function loadWithState(terminal: Terminal, options: CommonOptions): LoadedConfig {
  const loaded = loadFor(terminal, options);
  return { ...loaded, warnings: [...loaded.warnings, ...secureStateFolder(loaded.stateFolder)] };
}
