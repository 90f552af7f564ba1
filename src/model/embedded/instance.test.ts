import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { measureCpuMs } from "../../../test/cpu.fixture.ts";
import { toInstance } from "./instance.ts";

const ajv = new Ajv2020({ strict: false, multipleOfPrecision: 9 });
addFormats.default(ajv);

function expectValid(schema: object, value: unknown): void {
  const isValid = ajv.compile(schema);
  expect(
    isValid(value),
    `${JSON.stringify(schema)} → ${JSON.stringify(value)}: ${ajv.errorsText(isValid.errors)}`,
  ).toBe(true);
}

const node = {
  type: "object",
  properties: { value: { type: "number" }, next: { anyOf: [{ $ref: "#" }, { type: "null" }] } },
  required: ["value", "next"],
  additionalProperties: false,
};
const expression = {
  $ref: "#/$defs/expression",
  $defs: {
    expression: { anyOf: [{ $ref: "#/$defs/sum" }, { type: "number" }] },
    sum: {
      type: "object",
      properties: { left: { $ref: "#/$defs/expression" }, right: { $ref: "#/$defs/expression" } },
      required: ["left", "right"],
    },
  },
};

describe("toInstance", () => {
  it.each<{ schema: object | boolean; want: unknown }>([
    { schema: true, want: "the hint" },
    { schema: {}, want: "the hint" },
    { schema: { type: "string", maxLength: 3 }, want: "the" },
    { schema: { type: "string", minLength: 10 }, want: "the hint.." },
    { schema: { type: "integer", minimum: 3, multipleOf: 5 }, want: 5 },
    { schema: { type: "integer", maximum: -3 }, want: -3 },
    { schema: { exclusiveMinimum: 0, exclusiveMaximum: 1 }, want: 0.5 },
    { schema: { type: ["null", "boolean"] }, want: true },
    { schema: { enum: ["a", "hint"] }, want: "hint" },
    { schema: { const: { a: 1 } }, want: { a: 1 } },
    { schema: { type: "string", default: "d" }, want: "d" },
    { schema: { type: "integer", examples: [7] }, want: 7 },
    { schema: { type: "integer", default: "no" }, want: 0 },
    { schema: { type: "array", items: { enum: [1, 2, 3] }, minItems: 3, uniqueItems: true }, want: [1, 2, 3] },
    {
      schema: { type: "array", prefixItems: [{ type: "string" }, { type: "boolean" }], items: false },
      want: ["the hint", true],
    },
    {
      schema: {
        allOf: [{ properties: { a: { type: "string" } } }, { required: ["a"], properties: { b: { const: 1 } } }],
      },
      want: { a: "the hint", b: 1 },
    },
    { schema: { type: "string", pattern: "^[A-Z]{2}-\\d{3}$" }, want: "AA-000" },
    { schema: { type: "object", required: ["__proto__"] }, want: JSON.parse('{"__proto__":"the hint"}') as unknown },
  ])("$schema → $want", ({ schema, want }) => {
    expect(toInstance(schema, "the hint")).toEqual(want);
    if (typeof schema === "object") expectValid(schema, want);
  });

  it.each<{ schema: object }>([
    { schema: node },
    { schema: expression },
    { schema: { $ref: "#/$defs/a~1b", $defs: { "a/b": { type: "object", properties: { deeper: { $ref: "#" } } } } } },
    {
      schema: {
        type: "object",
        properties: { children: { type: "array", items: { $ref: "#" } }, name: { type: "string" } },
        required: ["children", "name"],
      },
    },
    { schema: { type: "object", minProperties: 3, properties: { a: { type: "null" } } } },
    { schema: { type: "object", additionalProperties: { type: "integer" }, required: ["a", "b"] } },
    {
      schema: {
        oneOf: [
          { type: "object", properties: { kind: { const: "a" } }, required: ["kind"] },
          { type: "object", properties: { kind: { const: "b" } }, required: ["kind"] },
        ],
      },
    },
    {
      schema: {
        type: "array",
        items: { type: "object", properties: { id: { type: "integer" } }, required: ["id"] },
        minItems: 5,
        uniqueItems: true,
      },
    },
    { schema: { type: "string", pattern: "^(?:foo|bar)+[^a-z]?\\w*$", minLength: 9 } },
    { schema: { type: "array", items: { type: "string", pattern: "^[a-c]x$" }, minItems: 3, uniqueItems: true } },
    { schema: { type: "string", pattern: "^\\+?[1-9]\\d{1,14}$" } },
    { schema: { type: "number", minimum: 0.1, maximum: 0.2 } },
    { schema: { type: "number", multipleOf: 0.1, minimum: 0.25 } },
    ...["date-time", "date", "time", "email", "uuid", "uri", "ipv4", "ipv6", "hostname", "duration"].map((format) => ({
      schema: { type: "array", items: { type: "string", format }, minItems: 12, uniqueItems: true },
    })),
  ])("finds a valid value for $schema", ({ schema }) => {
    const value = toInstance(schema, "some 👍 words of Ada's");
    expectValid(schema, value);
    expect(toInstance(schema, "some 👍 words of Ada's")).toEqual(value);
  });

  it.each<{ schema: unknown; code: string }>([
    { schema: false, code: "unsupported_value" },
    { schema: { type: 123 }, code: "invalid_value" },
    { schema: { type: "strnig" }, code: "invalid_value" },
    { schema: { $ref: "#" }, code: "unsupported_value" },
    { schema: { $ref: "#/$defs/missing" }, code: "unsupported_value" },
    { schema: { $ref: "https://example.com/schema" }, code: "unsupported_value" },
    { schema: { type: "integer", minimum: 2, maximum: 1 }, code: "unsupported_value" },
    { schema: { type: "string", pattern: "^(?=x)y" }, code: "unsupported_value" },
    { schema: { type: "string", minLength: 1e9 }, code: "unsupported_value" },
    { schema: { type: "array", items: { const: 1 }, minItems: 2, uniqueItems: true }, code: "unsupported_value" },
    { schema: { type: "object", properties: { self: { $ref: "#" } }, required: ["self"] }, code: "unsupported_value" },
  ])("refuses $schema", ({ schema, code }) => {
    expect(() => toInstance(schema, "x", "tools")).toThrow(expect.objectContaining({ code, param: "tools" }));
  });

  const list = (length: number, item: (at: number) => unknown): unknown[] =>
    Array.from({ length }, (_, at) => item(at));
  const named = (length: number, schema: (at: number) => unknown): object =>
    Object.fromEntries(list(length, (at) => [`p${at}`, schema(at)]) as [string, unknown][]);
  const layers = Object.fromEntries(
    list(12, (at) => [`l${String(at)}`, { allOf: list(10, () => ({ $ref: `#/$defs/l${at + 1}` })) }]) as [
      string,
      unknown,
    ][],
  );
  const part = { $ref: "#/$defs/part" };
  const unique = (items: object, minItems = 1_000): object => ({ type: "array", minItems, uniqueItems: true, items });

  it.each<[what: string, schema: object, hint?: string]>([
    ["layers of references", { $ref: "#/$defs/l0", $defs: { ...layers, l12: {} } }],
    ["properties that are the whole", { type: "object", properties: named(40, () => ({ $ref: "#" })) }],
    ["a pattern that backtracks", { type: "string", pattern: "^(a?){1000}a{16}$" }],
    ["many of them", { type: "array", minItems: 900, items: { type: "string", pattern: "^(x+x+)+y$" } }],
    ["different ones", { properties: named(900, (at) => ({ type: "string", pattern: `^(x+x+)+y{${at}}$` })) }],
    [
      "patterns that are costly to read",
      { properties: named(900, (at) => ({ pattern: `${"\\p{L}".repeat(190)}${at}` })) },
    ],
    ["allOf with alternatives", { allOf: list(30, () => ({ anyOf: [{ minimum: 1 }, { minimum: 2 }] })) }],
    [
      "patterns that never are long enough",
      {
        properties: named(4_000, () => part),
        $defs: { part: { type: "string", minLength: 999, pattern: "[ab]".repeat(240) } },
      },
    ],
    ["wide classes", { properties: named(4_000, () => part), $defs: { part: { pattern: "[\0-\uffff]".repeat(150) } } }],
    ["enums to join", { allOf: [{ enum: list(60_000, (at) => `a${at}`) }, { enum: list(60_000, (at) => `b${at}`) }] }],
    ["types to join", { allOf: [{ type: list(50_000, (at) => `a${at}`) }, { type: list(50_000, (at) => `b${at}`) }] }],
    [
      "an enum to look for in a long text",
      { properties: named(400, () => part), $defs: { part: { enum: list(9_000, (at) => `${"y".repeat(50)}${at}`) } } },
      "y".repeat(1_000_000),
    ],
    [
      "unique objects",
      unique({ properties: named(18, () => ({ type: "integer" })), required: list(18, (at) => `p${at}`) }),
    ],
    ["unique long texts", unique({ type: "string", minLength: 99_999 })],
    ["long texts", { properties: named(4_000, () => ({ type: "string", minLength: 99_999 })) }],
    ["a long choice", { properties: named(4_000, () => part), $defs: { part: { const: "x".repeat(100_000) } } }],
    ["unique fractions", { properties: named(100, () => unique({ type: "number", multipleOf: 7.3 })) }],
    [
      "a step that never is whole",
      { properties: named(9_000, () => ({ type: "integer", multipleOf: 0.000_123_456_7 })) },
    ],
    ["a long allOf", { allOf: list(10_000, (at) => ({ properties: { [`p${String(at)}`]: {} } })) }],
    ["a wide part", { allOf: list(900, () => part), $defs: { part: { properties: named(4_000, () => ({})) } } }],
    ["a part that requires much", { allOf: list(900, () => part), $defs: { part: { required: list(9_000, String) } } }],
    [
      "examples that do not fit",
      { properties: named(900, () => part), $defs: { part: { type: "string", examples: list(50_000, Number) } } },
    ],
    [
      "alternatives that all fail",
      { anyOf: list(300, () => part), $defs: { part: { anyOf: list(300, () => ({ anyOf: list(3, () => false) })) } } },
    ],
    [
      "alternatives to weigh",
      {
        $ref: "#/$defs/part",
        $defs: {
          part: {
            properties: named(20, () => part),
            required: ["p0"],
            anyOf: list(900, (at) => ({ required: [`p${at % 20}`], properties: named(20, () => part) })),
          },
        },
      },
    ],
    ["a long reference", { items: { $ref: `#${"/a".repeat(400_000)}` } }],
    [
      "optional properties that are left out",
      { type: "array", minItems: 900, items: { properties: named(20_000, () => ({ minProperties: 900 })) } },
    ],
  ])("is not kept busy by a hostile schema: %s", (_, schema, hint = "x".repeat(40)) => {
    const ms = measureCpuMs(() => {
      try {
        expect(JSON.stringify(toInstance(schema, hint)).length).toBeLessThan(5_000_000);
      } catch (error) {
        expect(error).toMatchObject({ code: "unsupported_value" });
      }
    });
    // A tenth of it is usual; code that runs for the first time on a busy machine takes longer.
    expect(ms).toBeLessThan(300);
  });

  it("answers a large schema of the usual kind", () => {
    const field = { type: "object", properties: named(8, () => ({ type: "string", enum: ["a", "b", "c"] })) };
    const rows = { type: "array", minItems: 100, uniqueItems: true, items: { $ref: "#/$defs/row" } };
    const row = {
      type: "object",
      properties: { id: { type: "integer" }, name: { type: "string", pattern: "^[a-z]+$" } },
      required: ["id", "name"],
    };
    const schema = {
      type: "object",
      properties: { ...named(60, () => field), rows },
      required: ["rows"],
      $defs: { row },
    };
    expectValid(schema, toInstance(schema, "some words"));
  });

  it("gives the same answer to the same hostile schema", () => {
    const schema = { properties: named(40_000, () => ({ type: "string", minLength: 20 })) };
    const ask = (): unknown => {
      try {
        return toInstance(schema, "hint");
      } catch (error) {
        return String(error);
      }
    };
    expect(ask()).toEqual(ask());
  });

  const bounds = fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 5, max: 60 }));
  const { schema: family } = fc.letrec<{ schema: object }>((tie) => ({
    schema: fc.oneof(
      { depthSize: "small", maxDepth: 3 },
      fc.constantFrom<object>(
        { type: "boolean" },
        { type: "null" },
        { type: ["string", "null"] },
        { type: "string", format: "uuid" },
      ),
      fc.array(fc.oneof(fc.integer(), fc.string()), { minLength: 1, maxLength: 4 }).map((values) => ({ enum: values })),
      bounds.chain(([low, size]) =>
        fc
          .integer({ min: 1, max: 5 })
          .map((step) => ({ type: "integer", minimum: low, maximum: low + size, multipleOf: step })),
      ),
      bounds.map(([low, size]) => ({ type: "number", exclusiveMinimum: low / 7, exclusiveMaximum: (low + size) / 7 })),
      fc
        .tuple(fc.nat(20), fc.nat(20))
        .map(([least, more]) => ({ type: "string", minLength: least, maxLength: least + more })),
      fc
        .tuple(tie("schema"), fc.nat(3), fc.nat(3))
        .map(([items, least, more]) => ({ type: "array", items, minItems: least, maxItems: least + more })),
      fc.array(tie("schema"), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
      fc
        .tuple(
          fc.dictionary(fc.string({ maxLength: 5 }), tie("schema"), { maxKeys: 4, noNullPrototype: true }),
          fc.nat(4),
        )
        .map(([properties, count]) => ({
          type: "object",
          properties,
          required: Object.keys(properties).slice(0, count),
          additionalProperties: false,
        })),
      tie("schema").map((schema) => ({ allOf: [schema, {}] })),
    ),
  }));

  it("gives a valid value for a family of schemas and any hint", () => {
    fc.assert(
      fc.property(family, fc.string({ unit: "grapheme" }), (schema, hint) => {
        expectValid(schema, JSON.parse(JSON.stringify(toInstance(schema, hint))));
      }),
      { numRuns: 300 },
    );
  });
});
