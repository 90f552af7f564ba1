import { Command, Option } from "commander";
import { openArchives, type Archives } from "../runtime.ts";
import { toDigest } from "../session/archive.ts";
import { toOneLine } from "./agent/printable.ts";
import { addConfigOption, type CommonOptions, loadWithState, noteWarnings } from "./common.ts";
import { showStatus } from "./status-line.ts";
import type { Terminal } from "./terminal.ts";

export function createMigrateCommand(terminal: Terminal): Command {
  return addConfigOption(new Command("migrate"))
    .description("take the sessions along from one store to another")
    .addOption(new Option("--from <store>", "where they are").choices(["sqlite"]).makeOptionMandatory())
    .addOption(new Option("--to <store>", "where they are to be").choices(["postgres"]).makeOptionMandatory())
    .addHelpText(
      "after",
      `
From the file sessions.sqlite of the state folder into the database of sessions.store.postgres, which the configuration
names. Stop the gateway first. Every session is put there whole, with its history, and then read again and compared;
those that are there already are only compared, so that it may be ended and begun again. Nothing is taken away from the
file. Runs and their events stay behind.

Example:
  $ clawgate migrate --from sqlite --to postgres`,
    )
    .action(async (options: CommonOptions) => {
      const loaded = loadWithState(terminal, options);
      noteWarnings(terminal, loaded);
      const archives = await openArchives(loaded);
      try {
        await move(terminal, archives);
      } finally {
        archives.source.close();
        await archives.target.close();
      }
    });
}

/** So many sessions that could not be moved are named. */
const namedMax = 10;

async function move(terminal: Terminal, { source, target }: Archives): Promise<void> {
  const counts = { put: 0, there: 0, messages: 0 };
  const failed: string[] = [];
  for (const session of source.sessions()) {
    if (terminal.ending.aborted) {
      terminal.note("Ended before all were moved; the same command goes on from here.");
      return terminal.fail(1);
    }
    showStatus(terminal, `${counts.put + counts.there} sessions, now ${session.key}`);
    const became = await target.put(session);
    const found = became === "other" ? undefined : await target.take(session.key);
    if (became === "other" || found === undefined || toDigest(found) !== toDigest(session)) {
      failed.push(session.key);
      continue;
    }
    counts[became] += 1;
    counts.messages += session.messages.length;
  }
  showStatus(terminal, undefined);
  await target.putKeyUses(source.keyUses());
  const there = counts.there === 0 ? "" : `, ${counts.there} were there already`;
  terminal.print(
    `${counts.put} sessions moved${there}; ${counts.messages} messages, all read again and equal to those of the file.`,
  );
  if (failed.length === 0) return;
  const named = failed.slice(0, namedMax).map((key) => `'${toOneLine(key)}'`);
  const others = failed.length > namedMax ? ` and ${failed.length - namedMax} more` : "";
  terminal.note(
    `Not moved, since there are others of their names, which have gone on or are leased: ${named.join(", ")}${others}.`,
  );
  terminal.fail(1);
}
