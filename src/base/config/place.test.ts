import fc from "fast-check";
import JSON5 from "json5";
import { expect, test } from "vitest";
import type { ConfigPath } from "./config-error.ts";
import { findPlace } from "./place.ts";

const text = `// a comment with { "b": 1 }
{
  a: 1, /* b: 2 */ 'b': { c: [ { d: "}" }, "x,]", { d: 2, "e f": 3 } ] },
  \\u0067: 7, "last": +.5e3, b2: -Infinity,
}`;

test.each<[ConfigPath, number, number]>([
  [["a"], 3, 3],
  [["b"], 3, 20],
  [["b", "c"], 3, 27],
  [["b", "c", 0], 3, 32],
  [["b", "c", 1], 3, 44],
  [["b", "c", 2, "d"], 3, 53],
  [["b", "c", 2, "e f"], 3, 59],
  [["g"], 4, 3],
  [["last"], 4, 14],
  [["b2"], 4, 29],
])("the key at %j stands in line %i, column %i", (path, line, column) => {
  expect(findPlace(text, path)).toEqual({ line, column });
});

test("what is not there is where the last of it is that is", () => {
  expect(findPlace(text, ["b", "c", 9, "x"])).toEqual(findPlace(text, ["b", "c"]));
  expect(findPlace(text, ["a", "x"])).toEqual(findPlace(text, ["a"]));
  expect(findPlace(text, ["nope"])).toBeUndefined();
  expect(findPlace(text, [])).toBeUndefined();
});

/** Every way to a value within a value. */
function listPaths(value: unknown): ConfigPath[] {
  if (typeof value !== "object" || value === null) return [];
  const entries: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([step, item]) => [[step], ...listPaths(item).map((path) => [step, ...path])]);
}

test("every key of whatever JSON5 can write is found", () => {
  // JSON5 itself does not give this name back.
  const anything = fc.jsonValue().filter((value) => !JSON.stringify(value).includes("__proto__"));
  fc.assert(
    fc.property(anything, fc.constantFrom(0, 2), (value, space) => {
      for (const written of [JSON5.stringify(value, null, space), JSON.stringify(value, null, space)]) {
        const lines = written.split(/\r\n|[\n\r\u2028\u2029]/);
        for (const path of listPaths(JSON5.parse(written))) {
          const { line = 0, column = 0 } = findPlace(written, path) ?? {};
          const rest = [(lines[line - 1] ?? "").slice(column - 1), ...lines.slice(line)].join("\n");
          const step = path.at(-1);
          if (typeof step === "string") {
            const name = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^:]*)(?=:)/.exec(rest)?.[0] ?? "";
            expect(Object.keys(JSON5.parse<object>(`{${name}:0}`))).toEqual([step]);
          } else expect(rest).toMatch(/^[^\s,\]]/);
        }
      }
    }),
    { numRuns: 300 },
  );
});
