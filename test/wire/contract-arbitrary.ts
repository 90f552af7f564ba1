import { readFileSync } from "node:fs";
import fc from "fast-check";
import type { JsonSchema, OpenApi } from "@clawgate/contract/generate";
import { anyCharacter } from "../character.fixture.ts";

/** The contract as it is published. */
export const contract = JSON.parse(
  readFileSync(new URL("../../generated/openapi.json", import.meta.url), "utf8"),
) as OpenApi;

/** Below so many references only what is required is made, so that schemas of schemas come to an end. */
const depthMax = 4;
/** Bounds of a schema are reached in tables; here a value shall be short enough to be read. */
const extraMax = 3;
const charactersMax = 12;

/** Values that the schema allows, for the words of JSON Schema that the contract uses. */
export function toArbitrary(schema: JsonSchema, depth = 0): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) return toArbitrary(resolve(schema), depth + 1);
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.oneOf !== undefined) return fc.oneof(...schema.oneOf.map((branch) => toArbitrary(branch, depth)));
  return fc.oneof(...listTypes(schema).map((type) => makers[type](schema, depth)));
}

const typeNames = ["null", "boolean", "integer", "number", "string", "array", "object"] as const;
export type TypeName = (typeof typeNames)[number];

/** The JSON types that a value of the schema may have. */
export function listTypes(schema: JsonSchema): TypeName[] {
  if (schema.$ref !== undefined) return listTypes(resolve(schema));
  if (schema.oneOf !== undefined && schema.type === undefined) return schema.oneOf.flatMap(listTypes);
  const given = [schema.type].flat();
  return typeNames.filter((name) => given.includes(name));
}

export function resolve({ $ref }: JsonSchema): JsonSchema {
  const found = contract.components.schemas[$ref?.split("/").at(-1) ?? ""];
  if (found === undefined) throw new Error(`${$ref} points at nothing`);
  return found;
}

const makers: Record<TypeName, (schema: JsonSchema, depth: number) => fc.Arbitrary<unknown>> = {
  null: () => fc.constant(null),
  boolean: () => fc.boolean(),
  integer: ({ minimum, maximum }) =>
    fc.integer({
      min: Math.max(toNumber(minimum, -Infinity), Number.MIN_SAFE_INTEGER),
      max: Math.min(toNumber(maximum, Infinity), Number.MAX_SAFE_INTEGER),
    }),
  number: ({ minimum, maximum }) =>
    fc.double({ min: toNumber(minimum, -1e9), max: toNumber(maximum, 1e9), noNaN: true }),
  string: ({ pattern, minLength, maxLength }) => {
    const bounds = {
      minLength: toNumber(minLength, 0),
      maxLength: Math.min(toNumber(maxLength, Infinity), charactersMax),
    };
    if (typeof pattern !== "string") return fc.string({ unit: anyCharacter, ...bounds });
    return fc.stringMatching(new RegExp(pattern)).filter((text) => text.length <= toNumber(maxLength, Infinity));
  },
  array: ({ items = {}, minItems, maxItems }, depth) => {
    const least = toNumber(minItems, 0);
    const most = depth > depthMax ? least : Math.min(least + extraMax, toNumber(maxItems, Infinity));
    return fc.array(toArbitrary(items, depth), { minLength: least, maxLength: most });
  },
  object: (schema, depth) => {
    const { properties = {}, required = [], additionalProperties } = schema;
    const wanted = Object.entries(properties).filter(([key]) => depth <= depthMax || required.includes(key));
    const named = fc.record(Object.fromEntries(wanted.map(([key, item]) => [key, toArbitrary(item, depth)])), {
      requiredKeys: required,
      noNullPrototype: true,
    });
    if (additionalProperties === undefined || additionalProperties === false || depth > depthMax) return named;
    const value =
      additionalProperties === true ? fc.jsonValue({ maxDepth: 1 }) : toArbitrary(additionalProperties, depth);
    const others = fc.dictionary(fc.string({ maxLength: charactersMax }), value, {
      maxKeys: extraMax,
      noNullPrototype: true,
    });
    return fc.tuple(others, named).map(([more, own]) => ({ ...more, ...own }));
  },
};

function toNumber(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
