import { runInThisContext } from "node:vm";
import { expect, test } from "vitest";
import { compact } from "./compact.ts";

test.each([
  ["indentation goes, lines stay", "if (a) {\n\tb();\n\t\tc();\n}", "if (a) {\nb();\nc();\n}"],
  ["a tab within a line stays", "a();\tb();", "a();\tb();"],
  ["a template keeps its own", "\tf(`\n\t${\n\t\ta\n\t}\n\t`,\n\tb);", "f(`\n\t${\na\n}\n\t`,\nb);"],
  ["a template in a template does", "`\n\t${\n\tg`\n\t${\n\ta}`}\n\t`", "`\n\t${\ng`\n\t${\na}`}\n\t`"],
  ["Latin-1 stays", 'a = "é";', 'a = "é";'],
  ["what is beyond it is escaped", 'a = "…\u{1f600}";', String.raw`a = "\u2026\ud83d\ude00";`],
])("%s", (_, given, want) => {
  expect(compact(given)).toBe(want);
});

test("an escaped character is the same one, also in a pattern", () => {
  const code = "[`… ${'\u{1f600}'}`, /^[\u{1f5ff}-\u{1f601}…]+$/u.test('\u{1f600}…'), /[^–]/.test('–')];";
  expect(compact(code)).not.toBe(code);
  expect(runInThisContext(compact(code))).toEqual(["… \u{1f600}", true, false]);
});

test("where an escape would be another text, the build ends", () => {
  expect(() => compact("String.raw`…`")).toThrow("…");
});
