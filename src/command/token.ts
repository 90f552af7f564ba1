import { Command } from "commander";
import { loadCredential } from "../edge/credential.ts";
import { ConfigError } from "../base/config/config-error.ts";
import { addConfigOption, type CommonOptions, loadWithState, noteWarnings } from "./common.ts";
import type { Terminal } from "./terminal.ts";

export function createTokenCommand(terminal: Terminal): Command {
  return addConfigOption(new Command("token"))
    .description("print the token or password that callers send; make the token if there is none yet")
    .addHelpText(
      "after",
      '\nExample:\n  $ curl -H "Authorization: Bearer $(clawgate token)" http://127.0.0.1:18789/v1/models',
    )
    .action((options: CommonOptions) => {
      const loaded = loadWithState(terminal, options);
      noteWarnings(terminal, loaded);
      const credential = loadCredential(loaded.config, loaded.stateFolder);
      if (!("secret" in credential))
        throw new ConfigError(`gateway.auth.mode is '${credential.mode}': callers need no token.`);
      terminal.print(credential.secret);
    });
}
