import { describe, expect, test } from "vitest";
import { cases } from "../cases.ts";
import { capabilityIds } from "../expectation/expectations.ts";
import { defineCauses, toDecidingCall } from "./cause.ts";
import { causes } from "./causes.ts";
import { toFindings } from "./findings.ts";
import type { Report } from "../shapes.ts";

type Result = Report["results"][number];

const toResult = (id: string, more: Partial<Result> = {}): Result => ({
  id,
  group: id.slice(0, id.indexOf("-")),
  level: "DOC",
  requirement: `The requirement of ${id}.`,
  source: "A test.",
  verdict: "warn",
  expected: "a refusal",
  actual: "200",
  notes: [],
  ms: 1,
  exchanges: [toExchange("{}", 200, '{"choices":[]}')],
  ...more,
});

const toExchange = (requestBody: string, status: number, text: string): Result["exchanges"][number] => ({
  method: "POST",
  url: "http://127.0.0.1:1/v1/chat/completions",
  requestHeaders: {},
  requestBody,
  status,
  headers: {},
  reads: [{ atMs: 1, text }],
  endMs: 2,
  end: "complete",
});

test("what fails comes before what warns, and MUST before the rest; what passed or was known is no finding", () => {
  const results = [
    toResult("X-01"),
    toResult("X-02", { verdict: "pass" }),
    toResult("X-03", { verdict: "xfail" }),
    toResult("X-04", { verdict: "fail", level: "EXT" }),
    toResult("X-05", { verdict: "fail", level: "MUST" }),
    toResult("X-06", { verdict: "fail", level: "MUST", after: true }),
    toResult("X-07", { verdict: "error", level: "MUST" }),
  ];
  expect(toFindings(results).map(({ id, verdict }) => `${id} ${verdict}`)).toEqual([
    "X-05 fail",
    "X-04 fail",
    "X-07 error",
    "X-01 warn",
    "X-06 fail",
  ]);
});

test("a case is one finding, whichever SDKs have seen it", () => {
  const [finding, ...others] = toFindings([7, 6, 5, 4].map((sdk) => toResult("X-01", { sdk })));
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ id: "X-01", cases: ["X-01"], results: ["X-01@7", "X-01@6", "X-01@5", "X-01@4"] });
});

describe("rules", () => {
  const rules = defineCauses([
    { id: "few", cases: ["X-01", "X-02"], shows: () => "Few." },
    { id: "many", cases: ["X-*"], shows: ({ call }) => (call.status === 200 ? "Many." : undefined) },
  ]);

  test("the one that explains most has the cases, and takes the worst level of them", () => {
    const results = ["X-01", "X-02", "X-03"].map((id) => toResult(id));
    const findings = toFindings([...results, toResult("X-04", { verdict: "fail", level: "MUST" })], rules);
    expect(findings).toEqual([
      {
        id: "many",
        title: "Many.",
        verdict: "fail",
        level: "MUST",
        cases: ["X-04", "X-01", "X-02", "X-03"],
        results: ["X-04", "X-01", "X-02", "X-03"],
      },
    ]);
  });

  test("a case alone, one that shows something else, and one of another group keep their own names", () => {
    const other = { exchanges: [toExchange("{}", 500, "")] };
    const findings = toFindings([toResult("X-03"), toResult("X-04", other), toResult("Y-01")], rules);
    expect(findings.map(({ id }) => id)).toEqual(["X-03", "X-04", "Y-01"]);
  });

  test("a case that shows something else with one SDK is a finding of its own", () => {
    const other = { sdk: 4, exchanges: [toExchange("{}", 500, "")] };
    const results = [toResult("X-03"), toResult("X-04"), toResult("X-05", { sdk: 7 }), toResult("X-05", other)];
    expect(toFindings(results, rules).map(({ cases: ids }) => ids)).toEqual([["X-03", "X-04"], ["X-05"]]);
  });
});

test.each([
  ["quotes", 'a status, got 500 {"error":"of the first"}', 0],
  ["quotes within JSON", '{"body":"{\\"error\\":\\"of the second\\"}"}', 1],
  ["has the status of", "500", 1],
  ["says nothing of", "[null]", 2],
])("the call that decided is the one that the finding %s", (_, actual, place) => {
  const answers = ['{"error":"of the first"}', '{"error":"of the second"}', '{"choices":[]}'];
  const exchanges = answers.map((text, index) => toExchange("{}", [500, 500, 200][index] ?? 0, text));
  expect(toDecidingCall(toResult("X-01", { actual, exchanges }))).toBe(exchanges[place]);
});

test("every rule speaks of cases that there are", () => {
  const groups = new Set(
    [...cases.map(({ id }) => id), ...capabilityIds].map((id) => `${id.slice(0, id.indexOf("-"))}-*`),
  );
  const known = new Set([...cases.map(({ id }) => id), ...groups]);
  expect(causes.flatMap((cause) => (cause.cases ?? []).filter((id) => !known.has(id)))).toEqual([]);
  expect(new Set(causes.map(({ id }) => id)).size).toBe(causes.length);
});

interface Shown {
  readonly cause: string;
  readonly ids: readonly string[];
  readonly expected?: string;
  readonly got?: string;
  readonly asked?: object;
  readonly status: number;
  readonly answer: string;
}

const shown: readonly Shown[] = [
  { cause: "unchecked-requests", ids: ["REQ-25", "REQ-26"], status: 200, answer: '{"choices":[]}' },
  { cause: "unchecked-requests", ids: ["REQ-25", "REQ-26"], status: 200, answer: 'data: {"choices":[]}' },
  {
    cause: "unnamed-field",
    ids: ["REQ-04", "REQ-25"],
    expected: "error.param to be right",
    status: 400,
    answer: '{"error":{"message":"no","type":"x","param":null,"code":null}}',
  },
  { cause: "failing", ids: ["REQ-11", "ROB-01"], status: 500, answer: '{"error":"SyntaxError","message":"at 12"}' },
  { cause: "failing", ids: ["CAP-TOOLS", "ABRT-01", "TOOL-24"], status: 502, answer: '{"error":{"message":"no"}}' },
  { cause: "refusing", ids: ["NS-01", "SS-01"], got: "401", status: 401, answer: '{"error":{"message":"no"}}' },
  {
    cause: "deaf-tools",
    ids: ["TOOL-01", "TOOL-18"],
    asked: { tool_choice: "required" },
    status: 200,
    answer: '{"choices":[{"message":{"content":"no"}}]}',
  },
  {
    cause: "deaf-schema",
    ids: ["SO-09", "CAP-SCHEMA"],
    asked: { response_format: { type: "json_schema" } },
    status: 200,
    answer: '{"choices":[{"message":{"content":"no"}}]}',
  },
  {
    cause: "failing-runs",
    ids: ["WS-33", "WS-50"],
    expected: "a run to end without an error",
    got: '{"state":"error","errorMessage":"no"}',
    status: 101,
    answer: "",
  },
  { cause: "error-envelope", ids: ["ROUTE-02", "ERR-01"], expected: 'an {"error"}', status: 404, answer: "no" },
  {
    cause: "error-fields",
    ids: ["ERR-01", "MOD-06"],
    expected: "error.param",
    status: 404,
    answer: '{"error":{"message":"no","type":"x"}}',
  },
  {
    cause: "answer-fields",
    ids: ["NS-02", "SS-05"],
    expected: "created in it",
    status: 200,
    answer: '{"id":"1","object":"x","model":"m","choices":[{"index":0,"finish_reason":"stop"}]}',
  },
  { cause: "no-usage", ids: ["USE-01", "USE-02"], expected: "usage", status: 200, answer: "{}" },
  { cause: "no-stream", ids: ["SS-01", "SE-01"], asked: { stream: true }, status: 200, answer: '{"choices":[]}' },
  { cause: "no-request-id", ids: ["HDR-01", "SDK-01"], expected: "x-request-id", status: 200, answer: "{}" },
  { cause: "any-model", ids: ["MOD-07", "ERR-07"], asked: { model: "no-such-model" }, status: 200, answer: "{}" },
  { cause: "no-key", ids: ["AUTH-01", "AUTH-02"], status: 200, answer: "{}" },
];

test.each(shown)(
  "$cause is seen in $ids",
  ({ cause, ids, expected = "it to be right", got = "wrong", asked = {}, status, answer }) => {
    const exchanges = [toExchange(JSON.stringify(asked), status, answer)];
    const [finding, ...others] = toFindings(ids.map((id) => toResult(id, { expected, actual: got, exchanges })));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ id: cause, cases: ids });
  },
);

test.each([
  ["silence", "limit"],
  ["hang-up", "none"],
] as const)("%s is seen in calls that end with %s", (cause, end) => {
  const exchanges = [{ ...toExchange("{}", 0, ""), reads: [], end }];
  expect(toFindings(["NS-01", "ERR-01"].map((id) => toResult(id, { exchanges })))).toMatchObject([{ id: cause }]);
});

test.each([
  ["", "Calls are not answered in time."],
  ["data: 1\n".repeat(2048), "Answers do not come to an end."],
])("a call that was cut off after %j is titled so", (said, title) => {
  const exchanges = [{ ...toExchange("{}", 200, said), end: "limit" as const }];
  expect(toFindings(["NS-01", "ERR-01"].map((id) => toResult(id, { exchanges })))).toMatchObject([{ title }]);
});

const upstream = '{"error":{"message":"The model provider failed.","type":"server_error","param":null,"code":"down"}}';
const raw = `HTTP/1.1 502 Bad Gateway\r\nx: y\r\n\r\n${upstream}`;
const chunked = `HTTP/1.1 502 Bad Gateway\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n${upstream.slice(0, 16)}\r\n5b\r\n${upstream.slice(16)}\r\n0\r\n\r\n`;

test("the same error is one cause in every group and on every level, however the call was sent", () => {
  const toFailed = (id: string, text: string, more: Partial<Result> = {}): Result =>
    toResult(id, {
      actual: "502",
      exchanges: [{ ...toExchange("{}", 502, text), ...(text !== upstream && { method: "TCP" }) }],
      ...more,
    });
  const results = [
    toFailed("CAP-TOOLS", upstream, { verdict: "fail", level: "MUST" }),
    toFailed("NS-01", upstream),
    toFailed("HDR-04", upstream),
    toFailed("ROB-04", raw, { expected: "the status (an error) to be 200" }),
    toFailed("ROB-08", chunked),
    toFailed("SESS-01", upstream, { verdict: "fail", level: "EXT" }),
  ];
  const [finding, ...others] = toFindings(results);
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    title: "Calls fail with 502: The model provider failed. (down)",
    level: "MUST",
    cases: ["CAP-TOOLS", "SESS-01", "NS-01", "HDR-04", "ROB-04", "ROB-08"],
  });
});

test.for([
  ["another status", 503, upstream],
  ["another code", 502, upstream.replace("down", "up")],
  ["other words", 502, upstream.replace("failed", "hesitated")],
] as const)("an error with %s is a cause of its own", ([, status, text]) => {
  const results = [
    ...["NS-01", "NS-02"].map((id) => toResult(id, { actual: "502", exchanges: [toExchange("{}", 502, upstream)] })),
    ...["NS-03", "NS-04"].map((id) =>
      toResult(id, { actual: `${status}`, exchanges: [toExchange("{}", status, text)] }),
    ),
  ];
  expect(toFindings(results).map((one) => one.cases)).toEqual([
    ["NS-01", "NS-02"],
    ["NS-03", "NS-04"],
  ]);
});

test.for([
  ["is about something else in the answer", { expected: "`nosniff`", actual: "undefined" }, 400],
  ["expects another error", { expected: "GET to be answered 405", actual: "400" }, 400],
  ["expects an error of another kind", { expected: "error.param", actual: "400" }, 400],
  ["looks at the headers of whatever came", { group: "HDR", actual: "undefined" }, 500],
  ["looks at an error that it has provoked", { group: "ERR", actual: "no `retry-after`" }, 503],
] as const)("an error says nothing to a finding that %s", ([, more, status]) => {
  const exchanges = [toExchange("{}", status, '{"error":{"message":"m","type":"t","param":null,"code":"c"}}')];
  const results = ["X-01", "X-02"].map((id) => toResult(id, { exchanges, ...more }));
  expect(toFindings(results).map(({ id }) => id)).toEqual(["X-01", "X-02"]);
});

test("every rule is in the table", () => {
  const seen = [...shown.map(({ cause }) => cause), "silence", "hang-up"];
  expect(causes.map(({ id }) => id).toSorted()).toEqual([...new Set(seen)].toSorted());
});
