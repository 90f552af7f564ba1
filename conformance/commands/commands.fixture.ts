import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onEnd } from "../../test/end.fixture.ts";
import { runConformance } from "../program.ts";
import { plain } from "../tell/paint.ts";
import type { Terminal } from "../terminal.ts";

const program = join(import.meta.dirname, "../../bin/clawgate.mjs");
export const key = "sk-test-0123456789";
export const quiet = { GITHUB_ACTIONS: "", GITHUB_STEP_SUMMARY: "", OPENAI_API_KEY: key };

/** Meets MOD-01 and says things about an unknown model that a shell or a terminal must not see. */
export const answer: RequestListener = (request, response) => {
  const list = { object: "list", data: [{ id: "m", object: "model", created: 1, owned_by: "x" }] };
  const body = request.url === "/v1/models" ? JSON.stringify(list) : `nope\ntouch /tmp/owned\n::error::${key}\u001b[2J`;
  response.writeHead(200, { "content-type": "application/json" }).end(body);
};

export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-commands-"));
  onEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Ended {
  readonly status: number | null;
  readonly output: string;
  readonly notes: string;
}

/** Plays the command on a terminal that writes down what it is told. */
export async function runCommand(
  words: readonly string[],
  cwd = createFolder(),
  environment: object = {},
): Promise<Ended> {
  let [status, output, notes] = [0, "", ""];
  const terminal: Terminal = {
    environment: { ...quiet, ...environment },
    cwd,
    print: (text) => terminal.write(`${text}\n`),
    write: (text) => void (output += text),
    note: (text) => void (notes += `${text}\n`),
    paint: { print: plain, note: plain },
    interactive: false,
    fail: (failed) => void (status = failed),
  };
  await runConformance(terminal, words);
  return { status, output, notes };
}

/** The same as a program, whose output and status are those of the process. */
export function runProgram(words: readonly string[], cwd: string): Promise<Ended> {
  const child = spawn(process.execPath, [program, "conformance", ...words], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...quiet },
  });
  onEnd(() => void child.kill("SIGKILL"));
  let [output, notes] = ["", ""];
  child.stdout.on("data", (bytes: Buffer) => (output += bytes.toString("utf8")));
  child.stderr.on("data", (bytes: Buffer) => (notes += bytes.toString("utf8")));
  return new Promise((resolve) => {
    child.once("close", (status) => resolve({ status, output, notes }));
  });
}
