import fc from "fast-check";
import { expect, test } from "vitest";
import { plain } from "./paint.ts";
import { wrap, wrapFor } from "./wrap.ts";

const terminal = {
  environment: {},
  cwd: "/",
  print: () => undefined,
  write: () => undefined,
  note: () => undefined,
  paint: { print: plain, note: plain },
  fail: () => undefined,
};
const text = fc
  .array(fc.stringMatching(/^[!-~]{1,30}$/), { minLength: 1, maxLength: 40 })
  .map((words) => words.join(" "));

test("no line is wider than the terminal, none of the text is lost, and all of it stands under its beginning", () => {
  fc.assert(
    fc.property(text, fc.nat(15), fc.integer({ min: 80, max: 200 }), (given, indent, columns) => {
      const lines = wrap(given, indent, columns).split("\n");
      expect(lines.map((line, index) => (index === 0 ? line : line.slice(indent))).join(" ")).toBe(given);
      for (const [index, line] of lines.entries())
        expect(line.length + (index === 0 ? indent : 0)).toBeLessThanOrEqual(columns);
    }),
  );
});

test("a pipe gets a line as it is, and a window that is narrower than 80 columns what 80 have", () => {
  const long = "word ".repeat(40).trim();
  expect(wrapFor({ ...terminal, interactive: false, columns: 80 }, long, 6)).toBe(long);
  expect(wrapFor({ ...terminal, interactive: true, columns: 20 }, long, 6)).toBe(wrap(long, 6, 80));
  expect(wrapFor({ ...terminal, interactive: true, columns: 120 }, long, 6)).toBe(wrap(long, 6, 120));
});
