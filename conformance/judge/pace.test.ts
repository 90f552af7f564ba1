import { expect, test } from "vitest";
import { toPace, toPaced } from "./pace.ts";
import { isLate, toSlowness } from "./slow.ts";
import type { Subject } from "../reach/subject.ts";
import type { Result } from "../verdict.ts";

const subject: Subject = { baseUrl: "http://127.0.0.1:1/v1", apiKey: "", model: "m", profile: "chat" };

test.for([
  { given: "a fast server", plainMs: 3, slowestMs: 20, want: 5000 },
  { given: "an ordinary model", plainMs: 1400, slowestMs: 2500, want: 7000 },
  { given: "a reasoning model, asked for a schema", plainMs: 2000, slowestMs: 11_000, want: 22_000 },
  { given: "an agent gateway", plainMs: 12_000, slowestMs: 13_000, want: 60_000 },
  { given: "a model on a small machine", plainMs: 50_000, slowestMs: 60_000, want: 120_000 },
  { given: "no plain answer", plainMs: undefined, slowestMs: 0, want: 8000 },
])("a call may take what suits $given", ({ plainMs, slowestMs, want }) => {
  expect(toPace(subject, plainMs, { capabilities: new Map(), slowestMs }).ms).toBe(want);
});

test("what a user says about the time is what counts", () => {
  expect(toPace({ ...subject, patience: 0.25 }, undefined, { capabilities: new Map(), slowestMs: 9000 })).toEqual({
    ms: 2000,
    why: "--timeout says so",
  });
});

test("slow servers get more time for everything, fast ones no less for what a case measures", () => {
  expect(toPaced(subject, 60_000)).toMatchObject({ callMs: 60_000, patience: 7.5 });
  // Timers take whole milliseconds only.
  expect(toPaced(subject, 45_170.87)).toMatchObject({ callMs: 45_171 });
  expect(toPaced(subject, 5000)).toMatchObject({ callMs: 5000, patience: 1 });
});

const late = { actual: "NoAnswer: no answer within 8000 ms" };

test.for([
  [late, true],
  [{ actual: "the case was not decided within 10000 ms: until then it waited for the server" }, true],
  [{ reason: "APIConnectionTimeoutError: Request timed out." }, true],
  [{ actual: "nothing within 8000 ms; last came a tick" }, true],
  // A case that does not end by itself is no server's slowness.
  [{ reason: "the case was not decided within 10000 ms" }, false],
  [{ actual: "500 no answer" }, false],
] as const)("%j is late: %s", ([finding, want]) => {
  expect(isLate(finding)).toBe(want);
});

test("that nothing came in time is said once, from three times on, and so is what helps", () => {
  const results = (count: number): Result[] => Array.from({ length: count }, () => ({ ...late }) as unknown as Result);
  const pace = { ms: 8000, why: "" };
  expect(toSlowness(results(2), new Map(), pace)).toBeUndefined();
  expect(toSlowness(results(2), new Map([["tools", { present: false, why: late.actual }]]), pace)).toBe(
    "3 findings are that nothing came in time: the server is slower than the suite waits, which is 8 s for a call. " +
      "--timeout 32s gives it more.",
  );
});
