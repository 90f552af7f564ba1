import { Command } from "commander";
import type { Wishes } from "@clawgate/conformance";
import { startForSuite } from "./conformance-gateway.ts";
import type { Terminal } from "./terminal.ts";

type Suite = typeof import("@clawgate/conformance");

/** The suite is a package of its own, which knows nothing of the gateway; it is loaded only when it is asked for. */
export function createConformanceCommand(terminal: Terminal): Command {
  return new Command("conformance")
    .description("prove an OpenAI-compatible server: run the suite on it and report what breaks which client")
    .usage("[options] [command]")
    .helpOption(false)
    .allowUnknownOption()
    .argument("[arguments...]")
    .action(async (words: string[]) => {
      const suite = await loadSuite();
      if (suite === undefined) {
        terminal.note(
          "clawgate: the conformance suite is not installed. `npm install --save-dev @clawgate/conformance` adds it beside clawgate; " +
            "before its first release a checkout packs it, as conformance/README.md says.",
        );
        terminal.fail(2);
        return;
      }
      const own = await import("./conformance/gateway-cases.ts");
      const start = (wishes?: Wishes) => startForSuite(suite.startProgram, terminal.environment, wishes);
      // Its servers end with the process; what they no longer answer is no finding.
      terminal.ending.addEventListener("abort", () => terminal.leave(), { once: true });
      const host = { words: "clawgate conformance", name: "clawgate", model: "openclaw", start, ...own };
      await suite.runConformance(terminal, words, host);
    });
}

/** Undefined if the package is not there. */
async function loadSuite(): Promise<Suite | undefined> {
  try {
    return await import("@clawgate/conformance");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_MODULE_NOT_FOUND" && message.includes("'@clawgate/conformance'")) return undefined;
    throw error;
  }
}
