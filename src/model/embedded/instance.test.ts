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

  it("is not kept busy by a hostile schema", () => {
    const layers = Object.fromEntries(
      Array.from({ length: 12 }, (_, at) => [
        `l${at}`,
        { allOf: Array.from({ length: 10 }, () => ({ $ref: `#/$defs/l${at + 1}` })) },
      ]),
    );
    const hostile: object[] = [
      { $ref: "#/$defs/l0", $defs: { ...layers, l12: {} } },
      {
        type: "object",
        properties: Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`p${at}`, { $ref: "#" }])),
      },
      { type: "string", pattern: "^(a?){1000}a{16}$" },
      { type: "array", minItems: 900, items: { type: "string", pattern: "^(x+x+)+y$" } },
      { allOf: Array.from({ length: 30 }, () => ({ anyOf: [{ minimum: 1 }, { minimum: 2 }] })) },
    ];
    for (const schema of hostile) {
      const ms = measureCpuMs(() => {
        try {
          toInstance(schema, "x".repeat(40));
        } catch (error) {
          expect(error).toMatchObject({ code: "unsupported_value" });
        }
      });
      expect(ms).toBeLessThan(1_500);
    }
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
