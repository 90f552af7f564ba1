import fs, {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { onEnd } from "../../../test/end.fixture.ts";
import { RotatedFile } from "./rotated-file.ts";

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-audit-"));
  onEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const readLines = (path: string): string[] => readFileSync(path, "utf8").split("\n").slice(0, -1);

test.each([
  { keep: 0, want: { audit: ["7"] } },
  { keep: 1, want: { audit: ["7"], "audit.1": ["4", "5", "6"] } },
  { keep: 5, want: { audit: ["7"], "audit.1": ["4", "5", "6"], "audit.2": ["1", "2", "3"] } },
])("a file that is full gives way, and $keep before it are kept", ({ keep, want }) => {
  const folder = makeFolder();
  const file = new RotatedFile({ path: join(folder, "audit"), bytesMax: 6, keep });
  for (const line of ["1", "2", "3", "4", "5", "6", "7"]) file.append(line);
  file.close();
  const found = readdirSync(folder).map((name) => [name, readLines(join(folder, name))]);
  expect(Object.fromEntries(found)).toEqual(want);
});

test("where no new file is to be had, those before it stay, however often it is tried", () => {
  const folder = makeFolder();
  const file = new RotatedFile({ path: join(folder, "audit"), bytesMax: 6, keep: 2 });
  for (const line of ["1", "2", "3", "4", "5", "6"]) file.append(line);
  // As in a process that has as many files open as it may.
  const open = vi.spyOn(fs, "openSync").mockImplementation(() => {
    throw new Error("EMFILE: too many open files");
  });
  syncBuiltinESMExports();
  try {
    for (const _ of [1, 2, 3]) expect(() => file.append("lost")).toThrow("EMFILE");
  } finally {
    open.mockRestore();
    syncBuiltinESMExports();
  }
  file.append("7");
  file.close();
  const found = readdirSync(folder).map((name) => [name, readLines(join(folder, name))]);
  expect(Object.fromEntries(found)).toEqual({ audit: ["7"], "audit.1": ["4", "5", "6"], "audit.2": ["1", "2", "3"] });
});

test("lines are added to what is there, and a line that is longer than a file is kept whole", () => {
  const path = join(makeFolder(), "audit");
  writeFileSync(path, "old\n", { mode: 0o644 });
  const file = new RotatedFile({ path, bytesMax: 10, keep: 2 });
  file.append("new");
  file.append("a line of its own");
  file.close();
  expect(readLines(`${path}.1`)).toEqual(["old", "new"]);
  expect(readLines(path)).toEqual(["a line of its own"]);
  for (const name of [path, `${path}.1`]) expect(statSync(name).mode & 0o777).toBe(0o600);
});

test("a symbolic link is no file to write to", () => {
  const folder = makeFolder();
  const [path, other] = [join(folder, "audit"), join(folder, "other")];
  symlinkSync(other, path);
  expect(() => new RotatedFile({ path, bytesMax: 10, keep: 0 })).toThrow(/ELOOP/);
  expect(existsSync(other)).toBe(false);
});
