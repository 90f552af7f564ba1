import { hash, randomBytes } from "node:crypto";
import { Command } from "commander";
import { ConfigError } from "../base/config/config-error.ts";
import { isKeyName } from "../base/config/key-check.ts";
import type { KeyConfig } from "../base/contract.ts";
import { addConfigOption, type CommonOptions, loadFor, noteWarnings } from "./common.ts";
import type { Terminal } from "./terminal.ts";

/** What keys begin with, so that a scanner for secrets knows one where it does not belong. */
const prefix = "cgk_";
const secretBytes = 32;

export function createKeyCommand(terminal: Terminal): Command {
  return new Command("key")
    .description("make keys for callers who are not the operator, and list those of the configuration")
    .addCommand(createNewCommand(terminal))
    .addCommand(createListCommand(terminal));
}

function createNewCommand(terminal: Terminal): Command {
  return new Command("new")
    .description("print a new key, once, and the line for the configuration; nothing is written")
    .argument("<name>", "what the log and the metrics call it: a-z, 0-9 and -")
    .addHelpText(
      "after",
      "\nThe key goes to standard output, what to do with it to standard error:\n  $ clawgate key new ci > ci.key",
    )
    .action((name: string) => {
      if (!isKeyName(name)) {
        throw new ConfigError(
          `'${name.slice(0, 64)}' cannot be a key's name: 1 to 63 of a-z, 0-9 and -, and not 'operator'.`,
        );
      }
      const key = prefix + randomBytes(secretBytes).toString("base64url");
      terminal.note(`The key '${name}'; it stands nowhere else, so keep it now:`);
      terminal.print(key);
      terminal.note("Into gateway.auth.keys of the configuration, with what else shall hold (generated/config.md):");
      terminal.note(`  ${JSON.stringify(name)}: { sha256: "${hash("sha256", key)}" },`);
    });
}

function createListCommand(terminal: Terminal): Command {
  return addConfigOption(new Command("list"))
    .description("list the keys of the configuration: what each is for, its limits and its end")
    .action((options: CommonOptions) => {
      const loaded = loadFor(terminal, options);
      const keys = Object.entries(loaded.config.gateway.auth.keys);
      if (keys.length === 0) terminal.note("gateway.auth.keys is empty; `clawgate key new NAME` makes a key for it.");
      noteWarnings(terminal, loaded);
      const width = Math.max(0, ...keys.map(([name]) => name.length));
      for (const [name, key] of keys) terminal.print(`${name.padEnd(width)}  ${toSummary(key).join("; ")}`);
    });
}

function toSummary(key: KeyConfig): string[] {
  const { scopes, agents, models, sessions, expires, requestsPerMinute, runsMax, tokensPerDay } = key;
  return [
    scopes.join(", "),
    `agents ${agents?.join(", ") ?? "all"}`,
    ...(models === undefined ? [] : [`models ${models.join(", ")}`]),
    `${sessions} sessions`,
    ...(requestsPerMinute === undefined ? [] : [`${requestsPerMinute} requests/min`]),
    ...(runsMax === undefined ? [] : [`${runsMax} runs at once`]),
    ...(tokensPerDay === undefined ? [] : [`${tokensPerDay} tokens/day`]),
    expires === undefined ? "no end" : `until ${expires}`,
  ];
}
