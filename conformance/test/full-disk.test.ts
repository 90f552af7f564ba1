// A file system of 64 KB that is really full: what an option of the machine or a device can only play.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const program = join(import.meta.dirname, "../bin/conformance.mjs");

/** Mounts it where nobody else sees it, leaves a few KB of it, runs the words after it, and lists what they have left there. */
const script = `
mount -t tmpfs -o size=64k none "$1" || exit 77
cd "$1"
printf 'as it was\\n' > before.json
head -c "$2" /dev/zero > ballast
shift 2
"$@"
status=$?
for file in $(find * -type f); do echo "left: $file $(wc -c < "$file")"; done
exit $status`;

const isMountable =
  spawnSync("unshare", ["-rm", "sh", "-c", script, "sh", tmpdir(), "0", "true"], { timeout: 20_000 }).status === 0;
if (!isMountable) process.stderr.write("unshare mounts nothing here: the tests of a full disk are SKIPPED\n");

interface Ended {
  readonly status: number | null;
  readonly text: string;
  /** What is there afterwards, with its length. */
  readonly left: ReadonlyMap<string, number>;
}

async function listen(): Promise<string> {
  const body = JSON.stringify({ object: "list", data: [{ id: "m", object: "model", created: 1, owned_by: "x" }] });
  const server = createServer(
    (_request, response) => void response.writeHead(200, { "content-type": "application/json" }).end(body),
  );
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

/** The suite as a program, in a folder that has so much room; `line` is for its shell. */
async function runWith(roomBytes: number, words: readonly string[], line = '"$@"'): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), "full-disk-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const run = [
    process.execPath,
    program,
    "--base-url",
    await listen(),
    "--model",
    "m",
    "--only",
    "MOD-01",
    "--sdk",
    "7",
  ];
  const ballast = String(60 * 1024 - roomBytes);
  const child = spawn(
    "unshare",
    ["-rm", "sh", "-c", script, "sh", folder, ballast, "sh", "-c", line, "sh", ...run, ...words],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, GITHUB_ACTIONS: "", GITHUB_STEP_SUMMARY: "", OPENAI_API_KEY: "" },
    },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes: Buffer) => (text += bytes.toString()));
  const status = await new Promise<number | null>((resolve) => void child.once("close", resolve));
  const left = [...text.matchAll(/^left: (\S+) (\d+)$/gm)].map(
    ([, name = "", length]) => [name, Number(length)] as const,
  );
  return { status, text, left: new Map(left) };
}

const some = 4 * 1024;

test.runIf(isMountable).for([
  ["the page", ["--report", "html=r.html"], "r.html"],
  ["a report in the place of an older one", ["--report", "json=before.json"], "before.json"],
  ["a report in a folder that is made for it", ["--report", "html=a/b/r.html"], "r.html"],
] as const)(
  "%s that has no room costs itself and nothing else: 4, and no half of it stays",
  async ([, words, file]) => {
    const { status, text, left } = await runWith(0, words);
    expect(text).toMatch(new RegExp(`^Cannot write \\S*${file}: ENOSPC: no space left on device`, "m"));
    expect(text).toContain("1 passed, 0 failed");
    expect(text).not.toMatch(/^\s+at /m);
    expect(left.has(file)).toBe(false);
    expect(status).toBe(4);
  },
);

test.runIf(isMountable)("a report that has room is written, whatever became of the one before it", async () => {
  const { status, text, left } = await runWith(some, ["--report", "html=r.html", "--report", "badge=badge.json"]);
  expect(text).toMatch(/^Cannot write \S*r\.html: ENOSPC/m);
  expect(left.get("badge.json")).toBeGreaterThan(50);
  expect(left.has("r.html")).toBe(false);
  expect(status).toBe(4);
});

test.runIf(isMountable).for([
  ["wire.jsonl", 32 * 1024],
  ["wire.jsonl.gz", 8 * 1024],
] as const)(
  "a recording that finds the disk full ends with a whole case, and can be played: %s",
  async ([file, roomBytes]) => {
    const play = `"$@"; status=$?; "$1" "$2" --replay ${file}; echo "replayed: $?"; exit $status`;
    const words = ["--record", file, "--only", "MOD-0*,NS-0*,SS-0*,ERR-0*"];
    const { status, text, left } = await runWith(roomBytes, words, play);
    expect(text.match(/^Cannot write .*$/gm)).toEqual([expect.stringContaining(`Cannot write ${file}: ENOSPC`)]);
    expect(left.get(file)).toBeGreaterThan(0);
    // The server has failed, for it is a list of models, and that goes before.
    expect(status).toBe(1);
    expect(text).not.toContain("Cannot read the recording");
    expect(text).toMatch(/^replayed: [14]$/m);
  },
);

test.runIf(isMountable)("findings that have no room are told to be lost: 4", async () => {
  const { status, text } = await runWith(0, [], '"$@" > out.txt');
  expect(text.match(/^clawgate-conformance: cannot write the output: ENOSPC.*$/gm)).toHaveLength(1);
  expect(text).not.toMatch(/^\s+at /m);
  expect(status).toBe(4);
});

test.runIf(isMountable)("a baseline that has no room is told, and none stays that knows half of it", async () => {
  const { status, text, left } = await runWith(0, ["--only", "ERR-0*,SS-0*,NS-0*", "--write-baseline", "known.yaml"]);
  expect(text).toMatch(/^Cannot write \S*known\.yaml: ENOSPC/m);
  expect(left.has("known.yaml")).toBe(false);
  expect(status).toBe(1);
});
