import { expect, test } from "vitest";
import { findLastWords } from "./last-words.ts";

test.each<[what: string, text: string, want: string | undefined]>([
  ["a line", "no KEY set\n", "no KEY set"],
  ["lines", "starting\nno KEY set\n\n", "no KEY set"],
  ["nothing", "\n \n", undefined],
  [
    "an error of Node",
    "file:///a.js:1\nthrow new Error('no KEY')\n^\n\nError: no KEY\n    at a.js:1:7\n    at b.js:2:1\n\nNode.js v24.1.0\n",
    "Error: no KEY",
  ],
  [
    "an error of Node with fields",
    "node:internal:1\n  throw err;\n  ^\n\nError: Cannot find module '/a'\n    at b {\n  code: 'MODULE_NOT_FOUND',\n  requireStack: []\n}\n\nNode.js v24.1.0\n",
    "Error: Cannot find module '/a'",
  ],
  ["a trace of Python", "Traceback (most recent call last):\n  File 'a'\nKeyError: 'API_KEY'\n", "KeyError: 'API_KEY'"],
  [
    "npm",
    "npm error code E404\nnpm error 404 not found\nnpm error A complete log of this run can be found in: /a\n",
    "npm error 404 not found",
  ],
  ["a usage", "error: missing option --dir\n\nUsage: server --dir DIR\n", "error: missing option --dir"],
  ["a long line", "x".repeat(1000), "x".repeat(200)],
])("of %s the line that says most", (_, text, want) => {
  expect(findLastWords(text)).toBe(want);
});
