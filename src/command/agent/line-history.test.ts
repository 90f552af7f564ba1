import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { LineHistory } from "./line-history.ts";

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-history-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const refuse = (problem: string): never => {
  throw new Error(problem);
};

test("keeps the last 500 lines for their owner alone, whoever else writes", () => {
  const folder = createFolder();
  const [one, other] = [new LineHistory(folder, refuse), new LineHistory(folder, refuse)];
  const lines = Array.from({ length: 600 }, (_, index) => `line ${index}`);
  writeFileSync(join(folder, "agent-history"), `${lines.slice(0, 596).join("\n")}\n`, { mode: 0o644 });
  for (const [index, line] of lines.slice(596).entries()) (index % 2 === 0 ? one : other).add(line);
  for (const line of ["line 599", "", "   ", "x".repeat(5_000)]) one.add(line);
  expect(one.read()).toEqual(Array.from({ length: 500 }, (_, index) => `line ${index + 100}`));
  if (process.platform !== "win32") expect(statSync(join(folder, "agent-history")).mode & 0o777).toBe(0o600);
});

test("stays within its bytes", () => {
  const folder = createFolder();
  const history = new LineHistory(folder, refuse);
  const line = "é".repeat(3_000);
  writeFileSync(join(folder, "agent-history"), `${line}\n`.repeat(166));
  history.add(`last ${line}`);
  expect(readFileSync(join(folder, "agent-history")).length).toBeLessThan(1_000_000);
  expect(history.read().at(-1)).toMatch(/^last /);
});

test("keeps nothing where there is no folder, and follows no link: that is told once", () => {
  const folder = createFolder();
  const nowhere = new LineHistory(join(folder, "missing"), refuse);
  nowhere.add("a");
  expect(nowhere.read()).toEqual([]);
  writeFileSync(join(folder, "target"), "mine\n");
  symlinkSync(join(folder, "target"), join(folder, "agent-history"));
  const problems: string[] = [];
  const history = new LineHistory(folder, (problem) => problems.push(problem));
  history.add("a");
  history.add("b");
  expect(history.read()).toEqual([]);
  expect(problems).toHaveLength(1);
  expect(readFileSync(join(folder, "target"), "utf8")).toBe("mine\n");
});
