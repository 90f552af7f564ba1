import { join } from "node:path";
import { analyse } from "scslre";
import ts from "typescript";
import { expect, test } from "vitest";
import { isTestFile, loadFiles, type SourceFile } from "./sources.ts";

// What a regular expression does with a long text that was made against it: a backtracking one whose work grows with more
// than the length of the text would hold up everybody.

const sources = loadFiles(join(import.meta.dirname, "../.."), ["src", "contract/runtime"]).filter(
  (source) => !isTestFile(source) && !source.path.endsWith(".suite.ts"),
);

/** Every literal of a file, as `source` and `flags`. */
function listPatterns({ path, text }: SourceFile): { readonly source: string; readonly flags: string }[] {
  const patterns: { readonly source: string; readonly flags: string }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf("/");
      patterns.push({ source: node.text.slice(1, end), flags: node.text.slice(end + 1) });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  return patterns;
}

function listFaults(pattern: { readonly source: string; readonly flags: string }): string[] {
  return analyse(pattern).reports.map(({ type, exponential }) => `${type}${exponential ? ", exponential" : ""}`);
}

test("no regular expression works longer than its text is long", () => {
  const all = sources.flatMap((source) => listPatterns(source).map((pattern) => ({ path: source.path, ...pattern })));
  expect(all.length).toBeGreaterThan(100);
  expect(all.filter((pattern) => listFaults(pattern).length > 0)).toEqual([]);
});

test.each(["(a+)+$", "^\\s*x?\\s*$", "[.!]+$"])("one that does is found: %s", (source) => {
  expect(listFaults({ source, flags: "" })).not.toEqual([]);
});
