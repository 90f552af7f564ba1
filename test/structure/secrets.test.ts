import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { isTestFile, loadFiles, type SourceFile } from "./sources.ts";

/** The one place that says whether a secret is right. */
const place = "src/edge/authenticate.ts";
const files = loadFiles(join(import.meta.dirname, "../.."), ["src"]).filter((file) => !isTestFile(file));
/** What is looked at when a configuration is read: its own secrets, that no caller has presented. */
const atStart = "src/base/config/";

/** What a caller has presented, or what it is held against. A length, a kind or a header's name is neither. */
const secretName = /^(?:secret|token|password|apiKey|authorization|bearer|digest|expected|presented)$/i;
const comparing = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
]);
const comparers = new Set([
  "equals",
  "compare",
  "localeCompare",
  "includes",
  "startsWith",
  "endsWith",
  "has",
  "indexOf",
]);

/** Comparisons of a secret with anything but what stands in the code, which end at the first byte that differs. */
function findComparisons({ path, text }: SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const sides = toSides(node);
    if (sides !== undefined && sides.some(isSecret) && !sides.some(isFixed)) found.push(`${path}: ${node.getText()}`);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return found;
}

function toSides(node: ts.Node): ts.Expression[] | undefined {
  if (ts.isBinaryExpression(node)) return comparing.has(node.operatorToken.kind) ? [node.left, node.right] : undefined;
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
  const { expression, name } = node.expression;
  return comparers.has(name.text) ? [expression, ...node.arguments] : undefined;
}

function isSecret(node: ts.Expression): boolean {
  if (ts.isIdentifier(node)) return secretName.test(node.text);
  return ts.isPropertyAccessExpression(node) && secretName.test(node.name.text);
}

function isFixed(node: ts.Expression): boolean {
  return (
    ts.isLiteralExpression(node) ||
    ts.isTypeOfExpression(node) ||
    node.getText() === "undefined" ||
    node.getText() === "null"
  );
}

test("secrets are compared in one place, and in constant time", () => {
  const users = files.filter(({ text }) => text.includes("timingSafeEqual")).map(({ path }) => path);
  expect(users).toEqual([place]);
  const reached = files.filter(({ path }) => !path.startsWith(atStart));
  expect(reached.flatMap(findComparisons)).toEqual([]);
});

const comparison = /\b(?:timingSafeEqual|isSecret)\(/;

test("whatever was presented is compared before anything is told", () => {
  const { path = "", text = "" } = files.find((file) => file.path === place) ?? {};
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const deciding: ts.Block[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isArrowFunction(node) && ts.isBlock(node.body) && comparison.test(node.body.getText()))
      deciding.push(node.body);
    ts.forEachChild(node, visit);
  };
  visit(source);
  // The comparison itself, and what decides by it.
  expect(deciding).toHaveLength(2);
  const before = deciding.flatMap(({ statements }) =>
    statements.slice(
      0,
      statements.findLastIndex((statement) => comparison.test(statement.getText())),
    ),
  );
  // No answer that an absent, a short or a malformed secret would have sooner than another.
  expect(before.filter((statement) => !ts.isVariableStatement(statement)).map((one) => one.getText())).toEqual([]);
});

test.each([
  "if (token === expected) return;",
  "return request.headers.authorization == wanted;",
  "const right = credential.secret !== given;",
  "return tokens.includes(token);",
  "return known.has(digest);",
  "return Buffer.from(a).equals(secret);",
])("%s would be found", (text) => {
  expect(findComparisons({ path: "x.ts", text })).toHaveLength(1);
});

test.each([
  'token === ""',
  "secret === undefined",
  'typeof token === "string"',
  "token.length < 24",
  'kind === "token"',
])("%s says nothing of a secret's bytes", (text) => {
  expect(findComparisons({ path: "x.ts", text })).toEqual([]);
});
