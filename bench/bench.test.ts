import { describe, expect, it } from "vitest";
import { readArguments, rowNames } from "./arguments.ts";
import { compare } from "./compare.ts";
import { createReader } from "./connection.ts";
import { type Figure, low, median, percentile, shuffle, toRatio } from "./figures.ts";
import { toLine } from "./report.ts";

function toFigure(value: number, rest: Partial<Figure> = {}): Figure {
  const shared = { row: "request", subject: "this", what: "warm", unit: "µs", against: 100 } as const;
  return { ...shared, value, better: "lower", compared: true, ...rest };
}

describe("figures", () => {
  const values = [5, 1, 4, 2, 3];
  it.each([
    ["p0", percentile(values, 0), 1],
    ["p20", low(values), 2],
    ["median", median(values), 3],
    ["p100", percentile(values, 1), 5],
    ["of nothing", percentile([], 0.5), Number.NaN],
    ["ratio", toRatio({ value: 330, against: 100 }), 3.3],
    ["ratio without a baseline", toRatio({ value: 330 }), undefined],
    ["ratio to nothing", toRatio({ value: 330, against: 0 }), undefined],
  ])("%s", (_, given, want) => expect(given).toEqual(want));

  it("shuffles all and loses none", () => {
    const draws = [0.9, 0.1, 0.5];
    expect(shuffle(["a", "b", "c"], () => draws.shift() ?? 0)).toEqual(["b", "c", "a"]);
  });
});

describe("the verdict", () => {
  const higher = { better: "higher" } as const;
  it.each([
    ["as before", [toFigure(300)], [toFigure(300)], [false]],
    ["slower within the tolerance", [toFigure(300)], [toFigure(340)], [false]],
    ["slower beyond it", [toFigure(300)], [toFigure(350)], [true]],
    ["a slower machine, the same ratio", [toFigure(300)], [toFigure(900, { against: 300 })], [false]],
    ["fewer, where more is better", [toFigure(100, higher)], [toFigure(80, higher)], [true]],
    ["more, where more is better", [toFigure(100, higher)], [toFigure(300, higher)], [false]],
    ["what is too noisy for a verdict", [toFigure(300)], [toFigure(900, { compared: false })], []],
    ["a row that was not there before", [], [toFigure(300)], []],
    ["another subject", [toFigure(300, { subject: "old-1" })], [toFigure(900)], []],
  ])("%s", (_, before, now, want) => expect(compare(before, now).map(({ slower }) => slower)).toEqual(want));
});

describe("arguments", () => {
  const nothing = { only: rowNames, quick: false, json: undefined, compare: undefined, beside: [] };
  it.each([
    ["none", [], nothing],
    ["rows", ["--only", "token", "start"], { ...nothing, only: ["token", "start"] }],
    ["a row by its name alone", ["overload"], { ...nothing, only: ["overload"] }],
    ["files", ["--json", "a", "--compare", "b"], { ...nothing, json: "a", compare: "b" }],
    ["others", ["--quick", "--beside", "a", "--beside", "b"], { ...nothing, quick: true, beside: ["a", "b"] }],
  ])("%s", (_, given, want) => expect(readArguments(given)).toEqual(want));

  it.each([[["--only", "speed"]], [["--only"]], [["speed"]], [["--fast"]]])("refuses %j", (given) => {
    expect(() => readArguments(given)).toThrow();
  });
});

describe("the end of an answer", () => {
  const head = "HTTP/1.1 200 OK\r\n";
  it.each([
    ["by its length", [`${head}Content-Length: 2\r\n\r\n`, "o", "k"], ["open", "open", "ended"]],
    ["head and body in one", [`${head}content-length: 2\r\n\r\nok`], ["ended"]],
    ["by its last chunk", [`${head}\r\n`, "2\r\nok\r\n0\r", "\n\r\n"], ["open", "open", "ended"]],
    ["another status", ["HTTP/1.1 401 Unauthorized\r\n\r\n"], ["failed"]],
  ])("%s", (_, given, want) => {
    const read = createReader();
    expect(given.map((text) => read(text))).toEqual(want);
  });
});

it("prints a figure with its ratio and its aim", () => {
  expect(toLine(toFigure(330, { aim: "≤ 3.3" })).split(/\s{2,}/)).toEqual([
    "request",
    "this",
    "warm",
    "330 µs",
    "3.30 × 100",
    "≤ 3.3",
  ]);
});
