import { CommanderError } from "commander";
import { createConformanceCommand } from "./command.ts";
import { type Host, standalone } from "./host.ts";
import { type Terminal, UsageError } from "./terminal.ts";

const usageStatus = 2;

/** Does what the words say. What is wrong with them is told here; anything unforeseen is thrown. */
export async function runConformance(
  terminal: Terminal,
  words: readonly string[],
  host: Host = standalone,
): Promise<void> {
  try {
    await createConformanceCommand(terminal, host).parseAsync([...words], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode !== 0) terminal.fail(usageStatus);
    } else if (error instanceof UsageError) {
      terminal.note(`${host.words}: ${error.message}`);
      terminal.fail(usageStatus);
    } else throw error;
  }
}
