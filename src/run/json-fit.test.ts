import { describe, expect, test, vi } from "vitest";
import { measureCpuMs } from "../../test/cpu.fixture.ts";
import { GatewayError } from "../base/errors.ts";
import { createFindMisfit, type FindMisfit, type JsonFormat, toSchema } from "./json-fit.ts";

const of = (schema?: object): JsonFormat => ({
  type: "json_schema",
  json_schema: { name: "answer", ...(schema === undefined ? {} : { schema: { ...schema } }) },
});
async function toFindMisfit(format: JsonFormat): Promise<FindMisfit> {
  return await createFindMisfit(toSchema(format));
}

const anyObject: JsonFormat = { type: "json_object" };
const person = {
  type: "object",
  properties: { age: { type: "integer" } },
  required: ["age"],
  additionalProperties: false,
};
const draft7 = {
  $schema: "http://json-schema.org/draft-07/schema#",
  type: "object",
  properties: { age: { $ref: "#/definitions/age" } },
  definitions: { age: { type: "integer" } },
};

const fits: readonly [name: string, format: JsonFormat, text: string][] = [
  ["an object", anyObject, '{"a":[1]}'],
  ["white space around it", anyObject, ' {"a":1}\n'],
  ["what the schema says", of(person), '{"age":7}'],
  ["anything without a schema", of(), "[1,2]"],
  ["a schema of another draft", of(draft7), '{"age":7}'],
  ["a schema that has a name", of({ $id: "https://json-schema.org/draft/2020-12/schema", type: "object" }), "{}"],
  ["a format that is only a note", of({ type: "object", properties: { at: { format: "date" } } }), '{"at":"soon"}'],
  ["null where it may be", of({ type: ["object", "null"] }), "null"],
];
test.each(fits)("%s fits", async (_, format, text) => {
  expect(await (await toFindMisfit(format))(text)).toBeUndefined();
});

const misfits: readonly [name: string, format: JsonFormat, text: string, why: RegExp][] = [
  ["no text", anyObject, "", /^it is not JSON/],
  ["words", of(person), "I would say 7.", /^it is not JSON/],
  ["two objects", anyObject, "{}{}", /^it is not JSON/],
  ["a list", anyObject, "[1]", /^it is no JSON object\.$/],
  ["null", anyObject, "null", /^it is no JSON object\.$/],
  ["a text", anyObject, '"a"', /^it is no JSON object\.$/],
  ["a missing field", of(person), "{}", /^the object must have required property 'age'\.$/],
  ["a wrong type", of(person), '{"age":"7"}', /the object\/age must be integer/],
  ["a field too many", of(person), '{"age":7,"b":1}', /must NOT have additional properties/],
  ["two faults", of(person), '{"b":1}', /required property.*additional properties/],
  ["another draft's fault", of(draft7), '{"age":"7"}', /must be integer/],
];
test.each(misfits)("%s does not fit, and a sentence says why", async (_, format, text, why) => {
  expect(await (await toFindMisfit(format))(text)).toMatch(why);
});

let deep: object = { type: "object" };
for (let level = 0; level < 20_000; level += 1) deep = { properties: { a: deep } };

const unusable: readonly [name: string, schema: object][] = [
  ["an unknown type", { type: "nonsense" }],
  ["a pattern that is none", { properties: { a: { pattern: "(" } } }],
  ["a reference to nowhere", { $ref: "#/$defs/nobody" }],
  ["a reference to another machine", { $ref: "http://127.0.0.1:1/schema.json" }],
  ["an asynchronous schema", { $async: true, type: "object", required: ["a"] }],
  ["an asynchronous part", { $defs: { a: { $async: true, required: ["b"] } }, $ref: "#/$defs/a" }],
  ["a schema without end", deep],
];
test.each(unusable)("%s is the client's mistake", async (_, schema) => {
  const error = await toFindMisfit(of(schema)).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(GatewayError);
  expect(error).toMatchObject({ code: "invalid_value", status: 400, param: "response_format.json_schema.schema" });
});

describe("a check", () => {
  const late = { code: "invalid_value", param: "response_format.json_schema.schema" };
  const slow = `{"a":"${"a".repeat(50)}!"}`;

  test("whose pattern takes for ever is stopped beside the event loop, and others get their answers", async () => {
    const findMisfit = await toFindMisfit(of({ properties: { a: { type: "string", pattern: "^(a+)+$" } } }));
    let checks: Promise<unknown>[] = [];
    const ms = measureCpuMs(() => {
      checks = [findMisfit(slow).catch((cause: unknown) => cause), findMisfit('{"a":"aa"}'), findMisfit('{"a":"b"}')];
    });
    expect(await Promise.all(checks)).toEqual([
      expect.objectContaining(late),
      undefined,
      expect.stringMatching(/must match pattern/),
    ]);
    expect(ms).toBeLessThan(50);
  });

  describe("while the machine is busy with other things", () => {
    const pattern = { properties: { a: { type: "string", pattern: "^(a+)+$" } } };

    /** The clock goes on, the thread does not get to work. */
    async function check(text: string, ms: number): Promise<unknown> {
      const findMisfit = await toFindMisfit(of(pattern));
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
      try {
        const misfit = findMisfit(text).catch((cause: unknown) => cause);
        vi.advanceTimersByTime(ms);
        return await misfit;
      } finally {
        vi.useRealTimers();
      }
    }

    test("has the time that it needs", async () => {
      expect(await check('{"a":"aa"}', 5_000)).toBeUndefined();
      expect(await check('{"a":"b"}', 5_000)).toMatch(/must match pattern/);
    });

    test("is stopped in the end, whatever the thread says", async () => {
      expect(await check('{"a":"aa"}', 15_000)).toMatchObject(late);
      expect(await check('{"a":"aa"}', 0)).toBeUndefined();
    });
  });

  test("of a schema beyond any that is written says so", async () => {
    const huge = of({ description: "x".repeat(1_100_000) });
    await expect(toFindMisfit(huge)).rejects.toMatchObject({
      ...late,
      message: expect.stringContaining("at most") as string,
    });
  });

  test("of an object that is nested without end says so", async () => {
    const findMisfit = await toFindMisfit(of({ properties: { a: { $ref: "#" } }, type: "object" }));
    const depth = 100_000;
    expect(await findMisfit(`${'{"a":'.repeat(depth)}{}${"}".repeat(depth)}`)).toMatch(/nested too deeply|not JSON/);
  });

  test("names ten faults and no more", async () => {
    const required = Array.from({ length: 30 }, (_, index) => `field${index}`);
    const misfit = await (await toFindMisfit(of({ type: "object", required })))("{}");
    expect(misfit?.match(/required property/g)).toHaveLength(10);
  });
});
