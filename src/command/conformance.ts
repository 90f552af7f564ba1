import { Command } from "commander";
import type { Terminal } from "./terminal.ts";

/** The suite is a product of its own, which knows nothing of the gateway; it is loaded only when it is asked for. */
export function createConformanceCommand(terminal: Terminal): Command {
  return new Command("conformance")
    .description("prove an OpenAI-compatible server: run the suite on it and report what breaks which client")
    .usage("[options] [command]")
    .helpOption(false)
    .allowUnknownOption()
    .argument("[arguments...]")
    .action(async (words: string[]) => {
      const suite = await import("../../conformance/command.ts");
      await suite.createConformanceCommand(terminal).parseAsync(words, { from: "user" });
    });
}
