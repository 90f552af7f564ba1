import { addAbortSignal } from "node:stream";
import { text } from "node:stream/consumers";
import { isatty } from "node:tty";
import { GatewayError } from "./base/errors.ts";
import { choosePaint } from "./base/paint.ts";
import { createReadableLog } from "./base/readable-log.ts";
import { runCommand } from "./command/program.ts";
import type { Terminal } from "./command/terminal.ts";

/** Of whatever Ctrl-C has ended before it was done, as shells have it. */
const interruptedStatus = 130;
/** As the suite has it for reports: no failure of what it judges. */
const unwrittenStatus = process.argv[2] === "conformance" ? 4 : 1;

/** Output that cannot be written, as on a full disk, ends nothing; that it is missing is told, and the exit status says it. */
function outliveFullDisk(): void {
  let isTold = false;
  process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
    // A reader such as `head` that has seen enough is no failure.
    if (code === "EPIPE" || isTold) return;
    isTold = true;
    process.stderr.write(`clawgate: cannot write the output: ${message}\n`);
    process.once("exit", () => (process.exitCode ||= unwrittenStatus));
  });
  process.stderr.on("error", () => undefined);
}

function createTerminal(): Terminal {
  const ending = new AbortController();
  let askedAt: number | undefined;
  let isInterrupted = false;
  const toStatus = (failed: number): number => (isInterrupted ? interruptedStatus : failed);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      isInterrupted ||= signal === "SIGINT";
      // Whoever asks again will not wait for the end to be clean. npm passes the terminal's Ctrl-C on a second time at once.
      if (askedAt !== undefined && performance.now() - askedAt > 1000) process.exit(toStatus(1));
      askedAt ??= performance.now();
      ending.abort(new GatewayError("cancelled", `Ended by ${signal}.`));
    });
  }
  outliveFullDisk();
  const paint = { print: choosePaint(process.stdout), note: choosePaint(process.stderr) };
  const showLine = (line: string): void => void process.stderr.write(line);
  const window = [0, 1, 2].find((descriptor) => isatty(descriptor));
  return {
    environment: process.env,
    cwd: process.cwd(),
    flags: [...process.execArgv, ...(process.env["NODE_OPTIONS"] ?? "").split(/\s+/)],
    print: (line) => void process.stdout.write(`${line}\n`),
    write: (part) => void process.stdout.write(part),
    note: (line) => void process.stderr.write(`${line}\n`),
    paint,
    ...(process.stderr.isTTY ? { log: createReadableLog(showLine, paint.note) } : {}),
    interactive: process.stdout.isTTY,
    get columns() {
      return process.stdout.columns;
    },
    get person() {
      return isatty(0) && isatty(1) ? { input: process.stdin, output: process.stdout } : undefined;
    },
    readInput() {
      addAbortSignal(ending.signal, process.stdin);
      return text(process.stdin);
    },
    ending: ending.signal,
    onHangUp(reload) {
      process.on("SIGHUP", () => {
        // The same signal says that the terminal is gone, and whoever started the gateway there with it.
        if (window === undefined || isatty(window)) reload();
        else {
          // The log would try for ever to write its last lines to it.
          process.prependOnceListener("exit", () => process.kill(process.pid, "SIGKILL"));
          ending.abort(new GatewayError("cancelled", "Its terminal was closed."));
        }
      });
    },
    hangUp: (pid) => void process.kill(pid, "SIGHUP"),
    leave: () => process.exit(toStatus(1)),
    fail(status) {
      process.exitCode = toStatus(status);
    },
  };
}

await runCommand(createTerminal(), process.argv.slice(2));
