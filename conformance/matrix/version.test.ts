import fc from "fast-check";
import { expect, test } from "vitest";
import { createReport } from "../report/report.fixture.ts";
import type { Report } from "../shapes.ts";
import { toNewestFirst } from "./version.ts";

/** A version and the day of its run; of versions that are ordered the day says nothing. */
const toReport = (version: string | undefined, day: number): Report => {
  const report = createReport();
  const { version: _none, ...subject } = report.subject;
  const started = new Date(Date.UTC(2026, 0, day)).toISOString();
  return { ...report, started, subject: version === undefined ? subject : { ...subject, version } };
};

const toOrder = (versions: readonly (string | undefined)[]): (string | undefined)[] =>
  toNewestFirst(versions.map((version, index) => toReport(version, index + 1))).map(({ subject }) => subject.version);

test.for([
  { given: "numbers, not letters", want: ["1.43.0", "1.9.0", "1.7.0"] },
  { given: "an older version that was run last", want: ["2.0", "1.10", "1.9.9"] },
  { given: "a `v` and builds", want: ["v2.0.0+build.5", "1.0.0+build.9"] },
  { given: "calendars", want: ["2026.10.1", "2026.9.6", "2025.12.31"] },
  {
    given: "what stands before a release",
    want: ["1.0.0", "1.0.0-rc.10", "1.0.0-rc.2", "1.0.0-rc", "1.0.0-beta", "1.0.0-9"],
  },
  { given: "four numbers", want: ["1.0.0.10", "1.0.0.9", "1.0.0"] },
])("versions are ordered by $given", ({ want }) => {
  expect(toOrder(want)).toEqual(want);
  expect(toOrder(want.toReversed())).toEqual(want);
});

test.for([[["2.0.0", "nightly", "1.0.0"]], [["2.0.0", undefined, "1.0.0"]], [["f3a9c1e", "0017aa2", "9"]]])(
  "of %j the date alone decides",
  ([versions = []]) => {
    expect(toOrder(versions)).toEqual(versions.toReversed());
  },
);

test("of one version the newest run comes first", () => {
  const runs = [toReport("1.0", 3), toReport("1.0.0", 9), toReport("2.0", 1), toReport("1.0", 5)];
  expect(toNewestFirst(runs).map(({ started }) => started.slice(8, 10))).toEqual(["01", "09", "05", "03"]);
});

test("in whatever order the reports come, the newest is the same", () => {
  const piece = fc.oneof(fc.nat(12).map(String), fc.constantFrom("rc", "beta", "a-1"));
  const version = fc
    .tuple(fc.array(fc.nat(12), { minLength: 2, maxLength: 4 }), fc.array(piece, { maxLength: 3 }))
    .map(([numbers, before]) => [numbers.join("."), ...(before.length === 0 ? [] : [before.join(".")])].join("-"));
  fc.assert(
    fc.property(
      fc.uniqueArray(version, { minLength: 1, maxLength: 8 }),
      fc.infiniteStream(fc.nat(1000)),
      (versions, keys) => {
        const reports = versions.map((one, index) => toReport(one, index + 1));
        const order = new Map(reports.map((report) => [report, keys.next().value ?? 0]));
        const mixed = reports.toSorted((a, b) => order.get(a)! - order.get(b)!);
        expect(toNewestFirst(mixed)).toEqual(toNewestFirst(reports));
      },
    ),
    { numRuns: 50 },
  );
});
