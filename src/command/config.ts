import { readFileSync } from "node:fs";
import { Command } from "commander";
import { toGeneratedFile } from "../base/contract.ts";
import { maskSecrets } from "../base/config/mask.ts";
import { addConfigOption, type CommonOptions, loadFor, noteWarnings, prepare } from "./common.ts";
import type { Terminal } from "./terminal.ts";
import { createProviders } from "../model/table.ts";
import { createAgents } from "../run/agents.ts";
import { createSilentLog } from "../base/log.ts";

export function createConfigCommand(terminal: Terminal): Command {
  return addConfigOption(new Command("config"))
    .description("check the configuration and print what is in force, with secrets masked")
    .option("--schema", "print the JSON Schema of configurations instead, for editors: `$schema` in the file names it")
    .addHelpText(
      "after",
      `
A configuration that cannot be used ends with status 2 and a message that names the key.

Examples:
  $ clawgate config --config ./clawgate.json5
  $ clawgate config --schema > clawgate.schema.json`,
    )
    .action(async (options: CommonOptions & { readonly schema?: boolean }) => {
      if (options.schema === true) return terminal.write(readFileSync(toGeneratedFile("config.schema.json"), "utf8"));
      const loaded = await prepare(terminal, loadFor(terminal, options));
      const { config, path, folder, filled } = loaded;
      createAgents(config, await createProviders(config, folder, createSilentLog()));
      terminal.note(path ?? "no file found; the defaults hold");
      noteWarnings(terminal, loaded);
      terminal.print(JSON.stringify(maskSecrets(config, filled), null, 2));
    });
}
