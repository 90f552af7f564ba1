import { standalone } from "./host.ts";
import { choosePaint } from "./tell/paint.ts";
import { runConformance } from "./program.ts";
import type { Terminal } from "./terminal.ts";
import { exitStatus } from "./verdict.ts";

const terminal: Terminal = {
  environment: process.env,
  cwd: process.cwd(),
  print: (line) => void process.stdout.write(`${line}\n`),
  write: (part) => void process.stdout.write(part),
  note: (line) => void process.stderr.write(`${line}\n`),
  paint: { print: choosePaint(process.stdout), note: choosePaint(process.stderr) },
  interactive: process.stdout.isTTY,
  get columns() {
    return process.stdout.columns;
  },
  fail(status) {
    process.exitCode = status;
  },
};

let isTold = false;
process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  // A reader such as `head` that has seen enough is no failure.
  if (code === "EPIPE" || isTold) return;
  isTold = true;
  terminal.note(`${standalone.words}: cannot write the output: ${message}`);
  // That the server has failed is certain all the same.
  process.once("exit", () => (process.exitCode ||= exitStatus.erred));
});
process.stderr.on("error", () => undefined);

// Servers that the suite has started end with it; see start.ts.
for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)
  process.on(signal, () => process.exit(status));

await runConformance(terminal, process.argv.slice(2));
