import { Option, type Command } from "commander";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import type { Terminal } from "./terminal.ts";

export interface CommonOptions {
  readonly config?: string;
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

export function loadFor(terminal: Terminal, options: CommonOptions): LoadedConfig {
  return loadConfig({ path: options.config, environment: terminal.environment, cwd: terminal.cwd });
}
