#!/usr/bin/env node
// Plain JavaScript, so that any Node can read it and say what is missing.
import { existsSync } from "node:fs";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major > 24 || (major === 24 && minor >= 16)) {
  const source = new URL("../main.ts", import.meta.url);
  await import((existsSync(source) ? source : new URL("../main.js", import.meta.url)).href);
} else {
  console.error(
    `clawgate-conformance: it needs Node 24.16 or later; this is ${process.versions.node}, at ${process.execPath}. ` +
      "Get one from https://nodejs.org/, or with `nvm install 24`, and start again.",
  );
  process.exitCode = 2;
}
