import { Command } from "commander";
import { maskSecrets } from "../base/config/mask.ts";
import { addConfigOption, type CommonOptions, loadFor, noteWarnings, prepare } from "./common.ts";
import type { Terminal } from "./terminal.ts";
import { createProviders } from "../model/table.ts";
import { createAgents } from "../run/agents.ts";
import { createSilentLog } from "../base/log.ts";

export function createConfigCommand(terminal: Terminal): Command {
  return addConfigOption(new Command("config"))
    .description("check the configuration and print what is in force, with secrets masked")
    .addHelpText("after", "\nA configuration that cannot be used ends with status 2 and a message that names the key.")
    .action(async (options: CommonOptions) => {
      const loaded = await prepare(terminal, loadFor(terminal, options));
      const { config, path, folder, filled } = loaded;
      createAgents(config, await createProviders(config, folder, createSilentLog()));
      terminal.note(path ?? "no file found; the defaults hold");
      noteWarnings(terminal, loaded);
      terminal.print(JSON.stringify(maskSecrets(config, filled), null, 2));
    });
}
