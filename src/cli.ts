import { addAbortSignal } from "node:stream";
import { text } from "node:stream/consumers";
import { GatewayError } from "./base/errors.ts";
import { runCommand } from "./command/program.ts";
import type { Terminal } from "./command/terminal.ts";

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

await runCommand(createTerminal(), process.argv.slice(2));
