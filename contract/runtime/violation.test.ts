import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { toExpected } from "../generate/guard-module.ts";
import type { Finding } from "./finding.ts";
import { toParam, toViolation, type Violation } from "./violation.ts";

test.for<[pointer: string, param: string]>([
  ["", ""],
  ["/model", "model"],
  ["/messages/2/tool_call_id", "messages[2].tool_call_id"],
  ["/messages/0/content/10/image_url/url", "messages[0].content[10].image_url.url"],
  ["/a~1b/c~0d", "a/b.c~d"],
  ["/a~01", "a~1"],
  ["/stop/0", "stop[0]"],
])("the pointer '%s' is the param '%s'", ([pointer, param]) => {
  expect(toParam(pointer)).toBe(param);
});

/** What the generated guards do, with a schema at hand. */
function judge(schema: object, value: unknown): Violation {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, discriminator: true, verbose: true });
  ajv.addVocabulary(["x-values"]);
  const guard = ajv.compile({ type: "object", properties: { a: schema } });
  expect(guard({ a: value })).toBe(false);
  return toViolation(toFindings(guard));
}

/** The findings of Ajv as generated code reports them. */
function toFindings(guard: ValidateFunction): Finding[] {
  return (guard.errors ?? []).map(({ parentSchema, ...finding }) => ({
    ...finding,
    expected: toExpected(parentSchema ?? {}),
  }));
}

type Row = readonly [schema: object, value: unknown, code: string, param: string, message: string];

const type = "Invalid type for 'a': expected";
const values = "Invalid value for 'a':";
const texts = { type: "array", items: { type: "string" } };
const single: readonly Row[] = [
  [{ type: "string" }, 1, "invalid_type", "a", `${type} a string, but got an integer instead.`],
  [{ type: "integer" }, 0.5, "invalid_type", "a", `${type} an integer, but got a number instead.`],
  [{ type: ["string", "array"] }, null, "invalid_type", "a", `${type} a string or an array, but got null instead.`],
  [{ type: "object" }, [], "invalid_type", "a", `${type} an object, but got an array instead.`],
  [texts, ["x", 1], "invalid_type", "a[1]", "Invalid type for 'a[1]': expected a string, but got an integer instead."],
  [{ enum: ["x", "y"] }, "z", "invalid_value", "a", `${values} 'z'. Supported values are: 'x', 'y'.`],
  [{ const: "x" }, {}, "invalid_value", "a", `${values} an object. Supported values are: 'x'.`],
  [{ enum: ["x"] }, "z".repeat(99), "invalid_value", "a", `${values} '${"z".repeat(64)}'. Supported values are: 'x'.`],
  [{ type: "string", pattern: "^x$" }, "y", "invalid_value", "a", `${values} expected a text that matches ^x$.`],
  [{ type: "number", multipleOf: 2 }, 3, "invalid_value", "a", `${values} it must be multiple of 2.`],
  [{ type: "object", maxProperties: 1 }, { b: 1, c: 2 }, "object_above_max_properties", "a", "too many properties."],
  [{ type: "object", required: ["b"], properties: { b: {} } }, {}, "missing_required_parameter", "a.b", "'a.b'."],
  [{ type: "object", additionalProperties: false }, { "c/d": 1 }, "unknown_parameter", "a.c/d", "'a.c/d'."],
];

const bounds: readonly Row[] = [
  [{ type: "integer", minimum: 1 }, 0, "integer_below_min_value", "a", "expected a value >= 1, but got 0 instead."],
  [{ type: ["integer", "null"], maximum: 9 }, 10, "integer_above_max_value", "a", "a value <= 9, but got 10 instead."],
  [
    { type: "number", minimum: 0 },
    -0.5,
    "decimal_below_min_value",
    "a",
    "expected a value >= 0, but got -0.5 instead.",
  ],
  [{ type: "number", maximum: 2 }, 3, "decimal_above_max_value", "a", "expected a value <= 2, but got 3 instead."],
  [{ type: "array", minItems: 1 }, [], "empty_array", "a", "empty array. Expected at least one item."],
  [{ type: "array", maxItems: 1 }, [1, 2], "array_above_max_length", "a", "Expected at most 1 items, but got 2."],
  [{ type: "string", minLength: 1 }, "", "empty_string", "a", "empty string. Expected at least one character."],
  [{ type: "string", maxLength: 2 }, "abc", "string_above_max_length", "a", "at most 2 characters, but got 3."],
  [{ type: "string", maxLength: 2 }, "😀😀😀", "string_above_max_length", "a", "at most 2 characters, but got 3."],
];

// Of megabytes a list of all characters would hold up everybody for a second.
test.for([
  [100_000, "100000"],
  [100_001, "more than 50000"],
] as const)("of a text of %d characters it says that there are %s", ([length, said]) => {
  const { message } = judge({ type: "string", maxLength: 2 }, "x".repeat(length));
  expect(message).toMatch(new RegExp(`at most 2 characters, but got ${said}\\.$`));
});

function branch(tag: string): object {
  const properties = { type: { type: "string", const: tag }, [tag]: { type: "string" } };
  return { type: "object", required: ["type", tag], properties };
}

const tagged = {
  type: "object",
  discriminator: { propertyName: "type" },
  oneOf: [branch("x"), branch("y")],
  "x-values": ["x", "y"],
};
const textOrTagged = { oneOf: [{ type: "string", enum: ["none", "auto"] }, tagged] };
const textOrObject = "expected a string or an object, but got";

const unions: readonly Row[] = [
  [tagged, { type: "z" }, "invalid_value", "a.type", "'z'. Supported values are: 'x', 'y'."],
  [tagged, { type: 1 }, "invalid_type", "a.type", "expected a string, but got an integer instead."],
  [tagged, { type: null }, "invalid_type", "a.type", "expected a string, but got null instead."],
  [tagged, {}, "missing_required_parameter", "a.type", "'a.type'."],
  [tagged, { type: "x" }, "missing_required_parameter", "a.x", "'a.x'."],
  [tagged, { type: "y", y: 1 }, "invalid_type", "a.y", "expected a string, but got an integer instead."],
  [textOrTagged, 1, "invalid_type", "a", `${textOrObject} an integer instead.`],
  [textOrTagged, null, "invalid_type", "a", `${textOrObject} null instead.`],
  [textOrTagged, "any", "invalid_value", "a", "'any'. Supported values are: 'none', 'auto'."],
  [textOrTagged, { type: "x", x: 1 }, "invalid_type", "a.x", "expected a string, but got an integer instead."],
  [textOrTagged, {}, "missing_required_parameter", "a.type", "'a.type'."],
  [textOrTagged, { type: "z" }, "invalid_value", "a.type", "'z'. Supported values are: 'x', 'y'."],
  [textOrTagged, { type: "x" }, "missing_required_parameter", "a.x", "'a.x'."],
];

const rows = [...single, ...bounds, ...unions].map(
  (row) => [`${JSON.stringify(row[1]).slice(0, 40)} is refused with ${row[2]}: ${row[4]}`, row] as const,
);

test.for(rows)("%s", ([, [schema, value, code, param, message]]) => {
  const violation = judge(schema, value);
  expect(violation).toMatchObject({ code, param, message: expect.stringContaining(message) as string });
  expect(violation.message).toContain(`'${param}'`);
});

test("a finding about the whole value has no param and is named by the caller", () => {
  const guard = new Ajv2020({ verbose: true }).compile({ type: "object" });
  guard([]);
  expect(toViolation(toFindings(guard))).toMatchObject({
    code: "invalid_type",
    param: null,
    message: "Invalid type for the request body: expected an object, but got an array instead.",
  });
  expect(toViolation(toFindings(guard), "the event").message).toContain("the event: expected an object");
});

test("where nothing was found the answer is still a sentence", () => {
  const nothing = {
    code: "invalid_value",
    param: null,
    message: "Invalid value for the request body.",
    finding: undefined,
  };
  expect(toViolation([])).toEqual(nothing);
  expect(toViolation(null)).toEqual(nothing);
  expect(toViolation(undefined)).toEqual(nothing);
});
