// What a flag names may be no file at all: it is read with a bound, and not waited for without end.
import { execFileSync } from "node:child_process";
import { createReadStream, existsSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { onEnd } from "../../test/end.fixture.ts";
import { bytesMax, runSuite } from "../test/suite.fixture.ts";

const called = ["--base-url", "http://127.0.0.1:9/v1", "--model", "m"];

const options: Readonly<Record<string, readonly string[]>> = {
  "--baseline": [...called, "--baseline", "named"],
  "--manifest": [...called, "--manifest", "named"],
  "--since": [...called, "--since", "named"],
  "--api-key-file": [...called, "--api-key-file", "named"],
  "--header-file": [...called, "--header-file", "x-key=named"],
  "--replay": ["--replay", "named"],
  "--replay of what is packed": ["--replay", "named.gz"],
  diff: ["diff", "named", "named"],
  merge: ["merge", "named"],
  "matrix of a folder that has one": ["matrix", ".", "--markdown", "table.md"],
};

interface Odd {
  readonly make: (path: string) => void;
  readonly says: RegExp;
}

const files: Readonly<Record<string, Odd>> = {
  "a device without an end": { make: (path) => symlinkSync("/dev/zero", path), says: /longer than \d+ MiB/ },
  "2 GB": { make: (path) => (writeFileSync(path, ""), truncateSync(path, 2 ** 31)), says: /longer than \d+ MiB/ },
  "a pipe that nobody writes into": { make: makePipe, says: /nobody has written into it for 5 s/ },
};

function makePipe(path: string): void {
  execFileSync("mkfifo", [path]);
}

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "named-files-"));
  onEnd(() => rmSync(folder, { recursive: true }));
  return folder;
}

const rows = Object.entries(files).flatMap(([what, odd]) =>
  Object.entries(options).map(([option, words]) => ({ what, option, words, ...odd })),
);

test.runIf(existsSync("/dev/zero")).concurrent.for(rows)(
  "$what given to $option is a mistake that is told",
  async ({ option, words, make, says }) => {
    const folder = createFolder();
    make(join(folder, option.startsWith("matrix") ? "named.json" : words.includes("named.gz") ? "named.gz" : "named"));
    const { status, notes, bytes } = await runSuite(words, folder);
    // What is packed has to begin as such.
    expect(notes).toMatch(option.includes("packed") && !says.test(notes) ? /incorrect header check/ : says);
    expect(notes).toMatch(/named/);
    expect(status).toBe(2);
    expect(bytes).toBeLessThan(bytesMax);
  },
);

test.runIf(existsSync("/dev/zero"))(
  "a report for a pipe is written for whoever reads, and not for nobody",
  async () => {
    const folder = createFolder();
    for (const name of ["read.json", "unread.md"]) makePipe(join(folder, name));
    const reading = text(createReadStream(join(folder, "read.json")));
    const server = [
      "--start",
      "node -e \"require('http').createServer((q, s) => s.end('{}')).listen(process.argv[1])\" {port}",
    ];
    const reports = ["--report", "json=read.json", "--report", "md=unread.md"];
    const where = ["--base-url", "http://127.0.0.1:{port}/v1", "--model", "m", "--only", "MOD-01", "--sdk", "7"];
    const { status, notes } = await runSuite([...server, ...where, ...reports], folder);
    expect(JSON.parse(await reading)).toMatchObject({ summary: expect.stringContaining("1 failed") as string });
    expect(notes).toMatch(/^Cannot write .*unread.md: nobody reads from it$/m);
    // The finding counts more.
    expect(status).toBe(1);
  },
);
