import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { compareFiles, type Files, readFiles, writeFiles } from "./output.ts";

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "contract-output-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "generated");
}

const files: Files = { "a.ts": "one\n", "client/core/b.ts": "two\n" };

test("what was written is read back, and what was there before is gone", () => {
  const folder = makeFolder();
  writeFiles(folder, { "stale.ts": "old", ...files });
  writeFiles(folder, files);
  expect(readFiles(folder)).toEqual(files);
  expect(compareFiles(folder, files)).toEqual([]);
});

test("a file that is missing, edited or left over is named", () => {
  const folder = makeFolder();
  writeFiles(folder, { "a.ts": "edited\n", "left.ts": "" });
  expect(compareFiles(folder, files)).toEqual([
    "a.ts differs from its source",
    "client/core/b.ts is missing",
    "left.ts has no source",
  ]);
});
