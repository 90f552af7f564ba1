import { addAbortSignal } from "node:stream";
import { text } from "node:stream/consumers";
import { Command, CommanderError } from "commander";
import type { Terminal } from "./command/terminal.ts";
import { ConfigError } from "./base/config/config-error.ts";
import { contractVersion } from "./base/contract.ts";
import { GatewayError } from "./base/errors.ts";

/** Exit statuses: 0 done, 1 the run or a check failed, 2 the command line or the configuration is wrong. */
const usageStatus = 2;

/** Only the command that is asked for is loaded; the list of all of them needs all. */
const commands: Readonly<Record<string, () => Promise<(terminal: Terminal) => Command>>> = {
  gateway: async () => (await import("./command/gateway.ts")).createGatewayCommand,
  agent: async () => (await import("./command/agent.ts")).createAgentCommand,
  conformance: async () => (await import("./command/conformance.ts")).createConformanceCommand,
  token: async () => (await import("./command/token.ts")).createTokenCommand,
  config: async () => (await import("./command/config.ts")).createConfigCommand,
  doctor: async () => (await import("./command/doctor.ts")).createDoctorCommand,
  docs: async () => (await import("./command/docs.ts")).createDocsCommand,
};

function createTerminal(): Terminal {
  const ending = new AbortController();
  let askedAt: number | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // Whoever asks again will not wait for the end to be clean. npm passes the terminal's Ctrl-C on a second time at once.
      if (askedAt !== undefined && performance.now() - askedAt > 1000) process.exit(1);
      askedAt ??= performance.now();
      ending.abort(new GatewayError("cancelled", `Ended by ${signal}.`));
    });
  }
  // A reader such as `head` that has seen enough is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  return {
    environment: process.env,
    cwd: process.cwd(),
    print: (line) => void process.stdout.write(`${line}\n`),
    write: (part) => void process.stdout.write(part),
    note: (line) => void process.stderr.write(`${line}\n`),
    interactive: process.stdout.isTTY,
    readInput() {
      addAbortSignal(ending.signal, process.stdin);
      return text(process.stdin);
    },
    ending: ending.signal,
    fail(status) {
      process.exitCode = status;
    },
  };
}

async function createProgram(terminal: Terminal, asked: string | undefined): Promise<Command> {
  const program = new Command("clawgate")
    .description("An agent gateway with an OpenAI-compatible front door.")
    .version(contractVersion)
    .showHelpAfterError("(clawgate --help lists the commands)")
    .exitOverride();
  const known = asked !== undefined && Object.hasOwn(commands, asked) ? commands[asked] : undefined;
  for (const load of known === undefined ? Object.values(commands) : [known]) {
    const create = await load();
    program.addCommand(create(terminal).exitOverride());
  }
  return program;
}

/** The conformance suite is loaded only when it is used, so its error is known by its name. */
function isUsageError(error: unknown): error is Error {
  return error instanceof Error && error.name === "UsageError";
}

/** What the machine refused (a file, a socket) is for the person who asked; anything unforeseen keeps its stack. */
function toText(error: unknown): string {
  if (error instanceof GatewayError) return error.message;
  if (!(error instanceof Error)) return String(error);
  if (error.name === "AbortError" && error.cause instanceof GatewayError) return error.cause.message;
  return "syscall" in error ? error.message : (error.stack ?? error.message);
}

/** What went wrong, for a person. */
function report(error: unknown, terminal: Terminal): void {
  if (error instanceof CommanderError) {
    if (error.exitCode !== 0) terminal.fail(usageStatus);
    return;
  }
  if (error instanceof ConfigError || isUsageError(error)) {
    terminal.note(`clawgate: ${error.message}`);
    terminal.fail(usageStatus);
    return;
  }
  terminal.note(`clawgate: ${toText(error)}`);
  terminal.fail(1);
}

const terminal = createTerminal();
try {
  const program = await createProgram(terminal, process.argv[2]);
  await program.parseAsync();
} catch (error) {
  report(error, terminal);
}
