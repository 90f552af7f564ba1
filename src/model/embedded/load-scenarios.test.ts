import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ConfigError } from "../../base/config/config-error.ts";
import { loadScenarios } from "./load-scenarios.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "clawgate-scenarios-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

test("several files become one, in their order, with the first `otherwise`", async () => {
  const first = write("a.yaml", "scenarios: [{ name: a, match: {}, reply: [{ text: A }] }]");
  const second = write("b.yaml", "scenarios: [{ name: b, match: {}, reply: [] }]\notherwise: [{ text: none }]");
  const file = await loadScenarios([first, second], folder);
  expect(file.scenarios.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(file.otherwise).toEqual([{ text: "none" }]);
});

test.each([
  ["a file that is not there", undefined, /Cannot read the scenario file .*s\.yaml/],
  ["broken YAML", "scenarios: [", /Cannot read the scenario file .*s\.yaml/],
  ["an unknown key", "scenarios: [{ name: a, match: { tols: x }, reply: [] }]", /scenarios\[0\]\.match\.tols/],
  [
    "a pattern that is no regular expression",
    "scenarios: [{ name: a, match: { pattern: '(' }, reply: [] }]",
    /s\.yaml/,
  ],
])("%s is a configuration error that names the file", async (_, text, message) => {
  if (text !== undefined) write("s.yaml", text);
  const loading = loadScenarios(["s.yaml"], folder);
  await expect(loading).rejects.toThrow(ConfigError);
  await expect(loading).rejects.toThrow(message);
});
