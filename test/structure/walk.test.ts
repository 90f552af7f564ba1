import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

test("a stream runs through the files of the walk in CONTRIBUTING.md, at most forty, and through no generator", () => {
  const output = execFileSync(process.execPath, [join(import.meta.dirname, "walk.fixture.ts")], { encoding: "utf8" });
  const files = JSON.parse(output) as string[];
  const text = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
  const [walk = ""] = /^## One stream.*?(?=^## )/ms.exec(text) ?? [];
  const told = [...walk.matchAll(/\]\((src\/[^)]+)\)/g)].map(([, path]) => path);
  expect(new Set(told)).toEqual(new Set(files));
  expect(told).toHaveLength(files.length);
  expect(files.length).toBeLessThanOrEqual(40);
  const generators = files.filter((path) => /function\s*\*|\byield\b/.test(readFileSync(join(root, path), "utf8")));
  expect(generators).toEqual([]);
});
