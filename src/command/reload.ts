import { setTimeout as delay } from "node:timers/promises";
import { Command } from "commander";
import { toStateFolder } from "../base/config/source.ts";
import { toPrintable } from "./agent/printable.ts";
import { findPresence, type Presence } from "./presence.ts";
import type { Terminal } from "./terminal.ts";

/** How long a gateway may take to say how it went. It looks for a model server where none is named. */
const answerMs = 30_000;
const pollMs = 20;

export function createReloadCommand(terminal: Terminal): Command {
  return new Command("reload")
    .description("let the running gateway read its configuration and secrets anew; nothing changes if they are broken")
    .addHelpText(
      "after",
      `
The gateway is the one of this state folder (OPENCLAW_STATE_DIR); it reads the file that it was started with. Calls under
way end with what they began with. gateway.port and gateway.bind wait for a restart. SIGHUP does the same.

Ends with status 0 when the new configuration is in force, 2 when it cannot be used, 1 when no gateway runs.`,
    )
    .action(async () => {
      const stateFolder = toStateFolder(terminal.environment);
      const presence = findPresence(stateFolder);
      if (presence === undefined) {
        terminal.note(`clawgate: no gateway runs on the state folder ${stateFolder}.`);
        return terminal.fail(1);
      }
      terminal.hangUp(presence.pid);
      report(await waitForAnswer(stateFolder, presence), terminal);
    });
}

/** Undefined if there is none. */
async function waitForAnswer(stateFolder: string, before: Presence): Promise<Presence | undefined> {
  const end = performance.now() + answerMs;
  while (performance.now() < end) {
    const presence = findPresence(stateFolder);
    if (presence === undefined) return undefined;
    if (presence.reloads > before.reloads) return presence;
    // oxlint-disable-next-line no-await-in-loop -- it waits for another process
    await delay(pollMs);
  }
  return undefined;
}

function report(answer: Presence | undefined, terminal: Terminal): void {
  if (answer === undefined) {
    terminal.note("clawgate: the gateway has not said how it went; its log does.");
    return terminal.fail(1);
  }
  if (answer.problem !== undefined) {
    terminal.note(`clawgate: nothing has changed. ${answer.problem}`);
    return terminal.fail(2);
  }
  const { config = "the defaults", url } = answer;
  terminal.print(toPrintable(`The new configuration is in force: ${config}, at ${url}.`));
  for (const key of answer.waiting ?? []) terminal.note(`${key} waits for a restart.`);
}
