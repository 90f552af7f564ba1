// Every fence of the documentation is done as it stands: commands are typed, programs run, configurations loaded. What cannot be
// has a line in not-run.ts, with the reason.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../../src/base/config/load.ts";
import { createSilentLog } from "../../src/base/log.ts";
import { createProviders } from "../../src/model/table.ts";
import { createAgents } from "../../src/run/agents.ts";
import { testToken } from "../gateway.fixture.ts";
import { notRun, preambles } from "./not-run.ts";
import { type Fence, fencesOf, pages, read, root } from "./pages.fixture.ts";
import { type Checkout, openCheckout, play } from "./shell.fixture.ts";

const fences = pages.flatMap(fencesOf);
const firstLineOf = ({ text }: Fence): string => text.split("\n").find((line) => line.trim() !== "") ?? "";
const nameOf = (fence: Fence): string => `${fence.page}: ${firstLineOf(fence)}`;
const isDone = (fence: Fence): boolean => !(nameOf(fence) in notRun) && !(fence.page in notRun);
/** Fences of these languages, by name; those that begin alike are told apart by their lines. */
const of = (...languages: string[]): (readonly [string, Fence])[] =>
  fences
    .filter((fence) => languages.includes(fence.language) && isDone(fence))
    .map((fence) => [firstLineOf(fence) === "{" ? `${fence.page}, line ${fence.line}` : nameOf(fence), fence] as const);

let checkout: Checkout;
beforeAll(async () => {
  checkout = await openCheckout();
  return checkout.close;
});

/** What it says of this machine's gateway, said of the one that runs here. */
const here = (text: string): string =>
  text.replaceAll(/(http|ws):\/\/127\.0\.0\.1:18789/g, `$1${checkout.url.slice(4)}`);

/** A detached run that goes on for a while, for what is done to runs. */
async function startRun(): Promise<string> {
  const answer = await fetch(`${checkout.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${testToken}`,
      "content-type": "application/json",
      "x-openclaw-detach": "true",
    },
    body: JSON.stringify({
      model: "openclaw",
      stream: true,
      messages: [{ role: "user", content: "@@words 20 delay=100ms" }],
    }),
  });
  await answer.body?.cancel();
  return answer.headers.get("x-openclaw-run-id") ?? "";
}

/** Types the text into a shell that stops at the first command that fails. */
async function type(text: string): Promise<string> {
  const run = /\$RUN|run_019d…/.test(text) ? await startRun() : "";
  const script = here(text).replaceAll("run_019d…", run);
  // A gateway that is started listens until it is ended.
  const until = /npm start|clawgate gateway/.test(text) ? /listens on[^]*state .*\n/ : undefined;
  const first = "unset OPENCLAW_GATEWAY_TOKEN; export OPENCLAW_STATE_DIR=$(mktemp -d -p $HOME)/.clawgate";
  const words = `set -euo pipefail\n${until === undefined ? `export RUN="${run}"` : first}\n${script}`;
  const { status, output, notes } = await play(checkout, "bash", ["-c", words], until);
  if (until === undefined) expect([status, notes.includes("error")], `${output}${notes}`).toEqual([0, false]);
  else expect(output, notes).toMatch(until);
  // Where a request is refused, `curl` ends with 0 all the same.
  expect(output).not.toMatch(/"error":\{|^HTTP\/1.1 [45]/m);
  return output;
}

test.for(of("sh"))("typed: %s", async ([, fence]) => {
  await type(fence.text);
});

test.for(of("console"))("typed, and answered as shown: %s", async ([, fence]) => {
  const parts = fence.text.split(/^\$ /m).filter((part) => part !== "");
  expect(fence.text.startsWith("$ ")).toBe(true);
  for (const part of parts) {
    const [command = "", ...shown] = part.trimEnd().split("\n");
    const output = await type(command);
    if (shown.length > 0) expect(output.trimEnd()).toMatch(toPattern(shown.join("\n")));
  }
});

/** The text with `…` for what differs from run to run, and the port that is usual for the one of the test. */
function toPattern(text: string): RegExp {
  const literal = text.split("…").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(
    `^${literal.join("[^]*").replaceAll(String.raw`127\.0\.0\.1:18789`, String.raw`127\.0\.0\.1:\d+`)}$`,
  );
}

test.for(of("ts", "js"))("run: %s", async ([name, fence]) => {
  const named = /\((?:\.\.\/)*(examples\/[\w-]+\.ts)\)[^()]*$/.exec(fence.before)?.[1];
  if (named !== undefined) {
    const file = read(named)
      .replaceAll('"../src/index.ts"', '"clawgate"')
      .replaceAll('"../generated/client/index.ts"', '"clawgate/client"');
    expect(fence.text).toBe(file);
  }
  const folder = join(checkout.folder, "programs");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${fences.indexOf(fence)}.${fence.language === "ts" ? "ts" : "mjs"}`);
  writeFileSync(file, here(`${preambles[name] ?? ""}${fence.text}`));
  const { status, output, notes } = await play(checkout, process.execPath, [file]);
  expect([status, notes], output).toEqual([0, ""]);
});

test.for(of("json5"))("loaded: %s", async ([, fence]) => {
  const path = join(checkout.folder, "fence.json5");
  const secret = join(checkout.folder, "secret");
  writeFileSync(secret, "postgres://clawgate:word@database/clawgate", { mode: 0o600 });
  const text = fence.text
    .replaceAll(/file: "[^"]*"/g, `file: ${JSON.stringify(secret)}`)
    .replaceAll('sha256: "…"', `sha256: "${"0".repeat(64)}"`);
  writeFileSync(path, text);
  const environment = { OPENCLAW_GATEWAY_TOKEN: testToken, OPENAI_API_KEY: "key", ANTHROPIC_API_KEY: "key" };
  const { config } = loadConfig({ path, environment, cwd: checkout.folder });
  expect(createAgents(config, await createProviders(config, root, createSilentLog())).default.id).toBe("main");
});

test.for(of("yaml"))("read: %s", ([, fence]) => {
  expect(() => parse(fence.text) as unknown).not.toThrow();
  const named = /\((?:\.\.\/)*(examples\/[\w-]+\.yaml)\)[^()]*$/.exec(fence.before)?.[1];
  if (named !== undefined) expect(fence.text).toBe(read(named));
});

test.for(of("json"))("answered: %s", async ([, fence]) => {
  const shown = JSON.parse(fence.text) as { error?: { param: string; message: string } };
  // A file of somebody else's, which is read as it is.
  if (shown.error === undefined) return;
  const model = /'([^']+)'/.exec(shown.error.message)?.[1];
  const answer = await fetch(`${checkout.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${testToken}`, "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "hi" }] }),
  });
  expect(await answer.json()).toEqual(shown);
});

test("no fence is left out: each is of a kind that is done, or says why not", () => {
  const done = new Set(["sh", "console", "ts", "js", "json5", "yaml", "json"]);
  const names = fences.map(nameOf);
  expect(fences.filter((fence) => !done.has(fence.language) && isDone(fence)).map(nameOf)).toEqual([]);
  for (const name of [...Object.keys(notRun), ...Object.keys(preambles)]) expect([...names, ...pages]).toContain(name);
});
