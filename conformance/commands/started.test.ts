import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createFolder, key, runCommand } from "./commands.fixture.ts";

/** A server as somebody else's command; it says where it is as servers do, or nothing. */
const serverSource = `
const body = JSON.stringify({ object: "list", data: [{ id: "m", object: "model", created: 1, owned_by: "x" }] });
const server = require("node:http").createServer((request, response) => response.setHeader("content-type", "application/json").end(body));
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  if (process.argv[2] === undefined) console.log("Ready: http://127.0.0.1:" + server.address().port + " (Ctrl-C ends it)");
});`;

test.concurrent.for<{ name: string; words: (file: string) => string[]; status: number; says: string }>([
  {
    name: "prints its address",
    words: (file) => ["--start", `${process.execPath} ${file}`],
    status: 0,
    says: "4 passed, 0 failed",
  },
  {
    name: "is given a port",
    words: (file) => ["--start", `${process.execPath} ${file} {port}`, "--base-url", "http://127.0.0.1:{port}/v1"],
    status: 0,
    says: "4 passed, 0 failed",
  },
  { name: "ends before it answers", words: () => ["--start", "echo no model; exit 7"], status: 3, says: "no model" },
])("a started server that $name", async ({ words, status, says }) => {
  const file = join(createFolder(), "server.cjs");
  writeFileSync(file, serverSource);
  const ended = await runCommand([...words(file), "--model", "m", "--only", "MOD-01"]);
  expect(`${ended.output}${ended.notes}`).toContain(says);
  expect(ended.status).toBe(status);
});

test.concurrent("of a started server that dies it is told what it said then", async () => {
  const file = join(createFolder(), "server.cjs");
  writeFileSync(
    file,
    `${serverSource}\nserver.on("request", ({ headers }) => { if (Number(headers["content-length"]) > 1e9) throw new Error("of ${key}"); });`,
  );
  const words = ["--start", `${process.execPath} ${file}`, "--model", "m", "--only", "MOD-01"];
  const { status, notes } = await runCommand(words);
  expect(status).toBe(3);
  expect(notes).toMatch(/^the server stopped answering .*\nTo see it again:\n\ncurl /m);
  expect(notes).toMatch(/^Of the server itself: the command ended with status 1: [^]*^Error: of •••$/m);
});
