import { Command, CommanderError } from "commander";
import { ConfigError } from "../base/config/config-error.ts";
import { contractVersion } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import { toPrintable } from "./agent/printable.ts";
import { toAdvice } from "./operator-advice.ts";
import type { Terminal } from "./terminal.ts";

/** Exit statuses: 0 done, 1 the run or a check failed, 2 the command line or the configuration is wrong. */
const usageStatus = 2;

/** Only the command that is asked for is loaded; the list of all of them needs all. */
const commands: Readonly<Record<string, () => Promise<(terminal: Terminal) => Command>>> = {
  gateway: async () => (await import("./gateway.ts")).createGatewayCommand,
  init: async () => (await import("./init.ts")).createInitCommand,
  reload: async () => (await import("./reload.ts")).createReloadCommand,
  agent: async () => (await import("./agent.ts")).createAgentCommand,
  conformance: async () => (await import("./conformance.ts")).createConformanceCommand,
  token: async () => (await import("./token.ts")).createTokenCommand,
  runs: async () => (await import("./run-commands.ts")).createRunsCommand,
  key: async () => (await import("./key-commands.ts")).createKeyCommand,
  config: async () => (await import("./config.ts")).createConfigCommand,
  doctor: async () => (await import("./doctor.ts")).createDoctorCommand,
  migrate: async () => (await import("./migrate.ts")).createMigrateCommand,
  docs: async () => (await import("./docs.ts")).createDocsCommand,
};

/** Runs the command that the arguments name to its end. Never rejects: what goes wrong is said on the terminal. */
export async function runCommand(terminal: Terminal, args: readonly string[]): Promise<void> {
  try {
    const program = await createProgram(terminal, args[0]);
    // Both are what other programs have; one letter can have one meaning.
    await program.parseAsync(args[0] === "-V" ? ["-v"] : args, { from: "user" });
  } catch (error) {
    report(error, terminal);
  }
}

const helpHint = "(clawgate --help lists the commands)";

async function createProgram(terminal: Terminal, asked: string | undefined): Promise<Command> {
  const program = new Command("clawgate")
    .description("An agent gateway with an OpenAI-compatible front door.")
    .version(contractVersion, "-v, --version")
    .showHelpAfterError(helpHint)
    .configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: (text) => terminal.note(text.replace(/\n$/, "")),
      outputError: (text, write) => write(text.replace(/^error: /, `${terminal.paint.note("bad", "clawgate:")} `)),
    })
    .exitOverride();
  const known = asked !== undefined && Object.hasOwn(commands, asked) ? commands[asked] : undefined;
  for (const load of known === undefined ? Object.values(commands) : [known]) {
    const create = await load();
    const command = create(terminal);
    // One that has commands of its own had them before it came here. What it says of its help stays its own.
    for (const each of [command, ...command.commands])
      each.configureOutput(program.configureOutput()).exitOverride().showHelpAfterError(helpHint);
    program.addCommand(command);
  }
  return program;
}

/** What the machine refused (a file, a socket) is for the person who asked; anything unforeseen keeps its stack. */
function toText(error: unknown): string {
  if (error instanceof GatewayError) return toAdvice(error);
  if (!(error instanceof Error)) return String(error);
  if (error.name === "AbortError" && error.cause instanceof GatewayError) return error.cause.message;
  return "syscall" in error ? error.message : (error.stack ?? error.message);
}

/** What went wrong, for a person, whatever of it another process has said. */
function report(error: unknown, terminal: Terminal): void {
  if (error instanceof CommanderError) {
    if (error.exitCode !== 0) terminal.fail(usageStatus);
    return;
  }
  if (error instanceof ConfigError) {
    terminal.note(`${terminal.paint.note("bad", "clawgate:")} ${toPrintable(error.message)}`);
    terminal.fail(usageStatus);
    return;
  }
  terminal.note(`${terminal.paint.note("bad", "clawgate:")} ${toPrintable(toText(error))}`);
  terminal.fail(1);
}
