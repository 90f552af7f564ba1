import { expect, test } from "vitest";
import { applyBaseline, BaselineError, parseBaseline } from "./baseline.ts";
import { type Result, toExitStatus, type Verdict } from "../verdict.ts";

const known = new Set(["SS-01", "SS-02"]);

const toResult = (verdict: Verdict, sdk?: number): Result => ({
  id: "SS-01",
  group: "SS",
  level: "MUST",
  requirement: "",
  source: "",
  ...(sdk === undefined ? {} : { sdk }),
  verdict,
  notes: [],
  ms: 0,
  exchanges: [],
});

test.each([
  { name: "an unknown case", given: "XX-01: because", want: "XX-01, which does not exist" },
  { name: "an unknown case of one SDK", given: "XX-01@7: because", want: "XX-01@7, which does not exist" },
  { name: "no reason", given: "SS-01:", want: "no reason for SS-01" },
  { name: "an empty reason", given: "SS-01: '  '", want: "no reason for SS-01" },
  { name: "a reason that is no text", given: "SS-01: 7", want: "no reason for SS-01" },
  { name: "a list", given: "- SS-01", want: "A baseline is a map" },
])("refuses $name", ({ given, want }) => {
  expect(() => parseBaseline(given, known)).toThrow(BaselineError);
  expect(() => parseBaseline(given, known)).toThrow(want);
});

test("reads YAML, JSON and nothing", () => {
  expect(parseBaseline("SS-01: slow\nSS-02@7: ' old '\n", known)).toEqual(
    new Map([
      ["SS-01", "slow"],
      ["SS-02@7", "old"],
    ]),
  );
  expect(parseBaseline('{"SS-01": "slow"}', known).get("SS-01")).toBe("slow");
  expect(parseBaseline("# nothing yet\n", known).size).toBe(0);
});

test.each([
  { verdict: "fail", want: "xfail", status: 0 },
  { verdict: "warn", want: "xfail", status: 0 },
  { verdict: "pass", want: "xpass", status: 1 },
  { verdict: "skip", want: "skip", status: 0 },
  { verdict: "error", want: "error", status: 4 },
] as const)("a case of the baseline with $verdict is $want and ends with $status", ({ verdict, want, status }) => {
  const judged = applyBaseline(toResult(verdict), new Map([["SS-01", "known"]]));
  expect(judged.verdict).toBe(want);
  expect(toExitStatus([judged], "must")).toBe(status);
});

test("an entry for one SDK major leaves the others alone", () => {
  const baseline = new Map([["SS-01@7", "known"]]);
  expect(applyBaseline(toResult("fail", 7), baseline)).toMatchObject({ verdict: "xfail", reason: "known" });
  expect(applyBaseline(toResult("fail", 6), baseline).verdict).toBe("fail");
  expect(applyBaseline(toResult("fail"), baseline).verdict).toBe("fail");
});

test("warnings fail a run only where that is asked for", () => {
  expect(toExitStatus([toResult("warn")], "must")).toBe(0);
  expect(toExitStatus([toResult("warn")], "should")).toBe(1);
});
