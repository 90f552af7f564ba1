import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { writeText } from "./write.ts";

test("a report is written into a folder that is made for it", () => {
  const room = mkdtempSync(join(tmpdir(), "conformance-write-"));
  onTestFinished(() => rmSync(room, { recursive: true }));
  const path = join(room, "a/b/report.json");
  writeText(path, "first");
  writeText(path, "second");
  expect(readFileSync(path, "utf8")).toBe("second");
});

test.skipIf(process.platform !== "linux")("where the system makes no folders, that is said", () => {
  expect(() => writeText("/proc/conformance/a/report.json", "")).toThrow("ENOENT");
});
