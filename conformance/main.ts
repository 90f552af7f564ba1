import { choosePaint } from "./paint.ts";
import { runConformance } from "./program.ts";
import type { Terminal } from "./terminal.ts";

const terminal: Terminal = {
  environment: process.env,
  cwd: process.cwd(),
  print: (line) => void process.stdout.write(`${line}\n`),
  write: (part) => void process.stdout.write(part),
  note: (line) => void process.stderr.write(`${line}\n`),
  paint: { print: choosePaint(process.stdout), note: choosePaint(process.stderr) },
  interactive: process.stdout.isTTY,
  fail(status) {
    process.exitCode = status;
  },
};

// A reader such as `head` that has seen enough is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

// Servers that the suite has started end with it; see start.ts.
for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)
  process.on(signal, () => process.exit(status));

await runConformance(terminal, process.argv.slice(2));
