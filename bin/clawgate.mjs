#!/usr/bin/env node
// Plain JavaScript, so that any Node can read it and say what is missing. A checkout runs its sources with the Node that
// it has pinned; the published package brings a bundle.
import { spawn } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, statSync } from "node:fs";
import module from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import v8 from "node:v8";

const source = new URL("../src/cli.ts", import.meta.url);
const entry = existsSync(source) ? source : new URL("../lib/cli.js", import.meta.url);
const pinned = fileURLToPath(new URL("../node_modules/.bin/node", import.meta.url));
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

/**
 * V8 lets the space for what is new grow to 128 MB, and gives little of it back: a crowd of large requests would leave a
 * gateway with three times the memory that is in use, and a server that floods the suite that judges it. It can be bounded
 * by the start of a process alone.
 */
const spaces = { gateway: 16, conformance: 4 };
const space = Object.entries(spaces).find(([command]) => command === process.argv[2])?.[1];
const bounded = `--max-semi-space-size=${space}`;
const isBounded = [...process.execArgv, process.env.NODE_OPTIONS ?? ""].some((flag) =>
  /--max[-_]semi[-_]space[-_]size/.test(flag),
);
const words = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];

/** Goes on as the same process, from its beginning; where that cannot be (Windows has no such call), with V8's own bound. */
function bound() {
  try {
    process.execve?.(process.execPath, [process.execPath, bounded, ...process.execArgv, ...words], process.env);
  } catch {
    // Node's own permissions may forbid it.
  }
}

/**
 * V8 lets the old space grow to four times what is in use before it looks what of it is garbage. What comes in a million
 * pieces makes that much: the suite that a server floods tidies up sooner.
 */
function tidySoon() {
  v8.setFlagsFromString("--heap-growing-percent=25");
}

/** Halves the start. In the state folder, and only where nobody else may write: cached code is code. */
function cacheCode() {
  const state = process.env.OPENCLAW_STATE_DIR || join(homedir(), ".clawgate");
  const cache = join(state, "code-cache");
  try {
    makeFolder(cache);
    // Another folder that somebody has named is their own affair; Node has used it by now.
    if (process.env.NODE_COMPILE_CACHE === undefined && !(isOurs(statSync(state)) && isOurs(lstatSync(cache)))) return;
    // The call is for this thread; the variable is for the store's worker.
    process.env.NODE_COMPILE_CACHE ??= cache;
    module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  } catch {
    // A folder that cannot be written is reported by whatever needs it; the cache is not worth a failure.
  }
}

/** With those above it. Node's own `recursive` never ends where the system makes no folders, as in `/proc`. */
function makeFolder(folder) {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!existsSync(folder)) throw error;
  }
}

/** Windows answers by other means than modes who may write. */
function isOurs({ uid, mode }) {
  return process.geteuid === undefined || (uid === process.geteuid() && (mode & 0o022) === 0);
}

if (major > 24 || (major === 24 && minor >= 16)) {
  if (space !== undefined && !isBounded) bound();
  if (process.argv[2] === "conformance") tidySoon();
  cacheCode();
  await import(entry.href);
} else if (existsSync(pinned)) {
  const child = spawn(pinned, space !== undefined && !isBounded ? [bounded, ...words] : words, { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (status) => process.exit(status ?? 1));
} else {
  console.error(
    `clawgate: it needs Node 24.16 or later; this is ${process.versions.node}, at ${process.execPath}. ` +
      "Get one from https://nodejs.org/, or with `nvm install 24`, and start again.",
  );
  process.exitCode = 2;
}
