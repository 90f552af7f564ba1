#!/usr/bin/env node
// Plain JavaScript, so that any Node can read it and say what is missing.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import v8 from "node:v8";

/** V8 lets the space for what is new grow to 128 MB, and gives little of it back: of a server that floods, too much. */
function bound() {
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ""];
  if (flags.some((flag) => /--max[-_]semi[-_]space[-_]size/.test(flag))) return;
  const words = [
    "--max-semi-space-size=4",
    ...process.execArgv,
    fileURLToPath(import.meta.url),
    ...process.argv.slice(2),
  ];
  try {
    process.execve?.(process.execPath, [process.execPath, ...words], process.env);
  } catch {
    // Windows has no such call, and Node's own permissions may forbid it.
  }
}

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major > 24 || (major === 24 && minor >= 16)) {
  bound();
  // V8 lets garbage grow to four times what is in use; what comes in a million pieces makes that much.
  v8.setFlagsFromString("--heap-growing-percent=25");
  const source = new URL("../main.ts", import.meta.url);
  await import((existsSync(source) ? source : new URL("../main.js", import.meta.url)).href);
} else {
  console.error(
    `clawgate-conformance: it needs Node 24.16 or later; this is ${process.versions.node}, at ${process.execPath}. ` +
      "Get one from https://nodejs.org/, or with `nvm install 24`, and start again.",
  );
  process.exitCode = 2;
}
