import { CommanderError } from "commander";
import { toBlame } from "./reach/blame.ts";
import { createConformanceCommand } from "./command.ts";
import { type Host, standalone } from "./host.ts";
import { type Terminal, UsageError } from "./terminal.ts";
import { exitStatus } from "./verdict.ts";

/** Does what the words say. What is wrong with them is told here, and so is a defect of the suite's own. */
export async function runConformance(
  terminal: Terminal,
  words: readonly string[],
  host: Host = standalone,
): Promise<void> {
  try {
    await createConformanceCommand(terminal, host).parseAsync([...words], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode !== 0) terminal.fail(exitStatus.usage);
    } else if (error instanceof UsageError) {
      terminal.note(`${host.words}: ${error.message}`);
      terminal.fail(exitStatus.usage);
    } else {
      const told =
        toBlame(error) === "suite" ? "the suite has failed, which says nothing about the server" : "cannot go on";
      terminal.note(
        `${host.words}: ${told}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
      terminal.fail(exitStatus.erred);
    }
  }
}
