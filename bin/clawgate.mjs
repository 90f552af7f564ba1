#!/usr/bin/env node
// Plain JavaScript, so that any Node can read it and say what is missing. A checkout runs its sources with the Node that
// it has pinned; the published package brings compiled files.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const compiled = new URL("../dist/src/cli.js", import.meta.url);
const entry = existsSync(compiled) ? compiled : new URL("../src/cli.ts", import.meta.url);
const pinned = fileURLToPath(new URL("../node_modules/.bin/node", import.meta.url));
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major > 24 || (major === 24 && minor >= 16)) {
  await import(entry.href);
} else if (existsSync(pinned)) {
  const { status, signal } = spawnSync(pinned, [fileURLToPath(entry), ...process.argv.slice(2)], { stdio: "inherit" });
  process.exitCode = signal === null ? (status ?? 1) : 1;
} else {
  console.error(`clawgate needs Node 24.16 or later; this is ${process.versions.node}.`);
  process.exitCode = 2;
}
