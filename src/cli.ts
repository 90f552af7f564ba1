import { text } from "node:stream/consumers";
import { Command, CommanderError } from "commander";
import { createAgentCommand } from "./commands/agent.ts";
import { createConfigCommand } from "./commands/config.ts";
import { createDocsCommand } from "./commands/docs.ts";
import { createDoctorCommand } from "./commands/doctor.ts";
import { createGatewayCommand } from "./commands/gateway.ts";
import type { Terminal } from "./commands/terminal.ts";
import { createTokenCommand } from "./commands/token.ts";
import { ConfigError } from "./config/error.ts";
import { contractVersion } from "./contract.ts";
import { GatewayError } from "./errors.ts";

/** Exit statuses: 0 done, 1 the run or a check failed, 2 the command line or the configuration is wrong. */
const usageStatus = 2;

const commands = [
  createGatewayCommand,
  createAgentCommand,
  createTokenCommand,
  createConfigCommand,
  createDoctorCommand,
  createDocsCommand,
];

function createTerminal(): Terminal {
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      ending.abort(new GatewayError("cancelled", `Ended by ${signal}.`));
      // Whoever asks twice will not wait for the first to be done.
      process.once(signal, () => process.exit(1));
    });
  }
  return {
    environment: process.env,
    cwd: process.cwd(),
    print: (line) => void process.stdout.write(`${line}\n`),
    write: (part) => void process.stdout.write(part),
    note: (line) => void process.stderr.write(`${line}\n`),
    interactive: process.stdout.isTTY,
    readInput: () => text(process.stdin),
    ending: ending.signal,
    fail(status) {
      process.exitCode = status;
    },
  };
}

function createProgram(terminal: Terminal): Command {
  const program = new Command("clawgate")
    .description("An agent gateway with an OpenAI-compatible front door.")
    .version(contractVersion)
    .showHelpAfterError("(clawgate --help lists the commands)")
    .exitOverride();
  for (const create of commands) program.addCommand(create(terminal).exitOverride());
  return program;
}

/** What went wrong, for a person; a defect keeps its stack. */
function report(error: unknown, terminal: Terminal): void {
  if (error instanceof CommanderError) {
    if (error.exitCode !== 0) terminal.fail(usageStatus);
    return;
  }
  if (error instanceof ConfigError) {
    terminal.note(`clawgate: ${error.message}`);
    terminal.fail(usageStatus);
    return;
  }
  terminal.note(`clawgate: ${error instanceof GatewayError ? error.message : String((error as Error).stack ?? error)}`);
  terminal.fail(1);
}

const terminal = createTerminal();
try {
  await createProgram(terminal).parseAsync();
} catch (error) {
  report(error, terminal);
}
