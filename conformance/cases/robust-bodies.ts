// Random request bodies, valid and not, made from the contract's own schema. The same numbers give the same bodies.
import { readFileSync } from "node:fs";
import { isObject } from "../expect.ts";

/** Numbers from 0 to 1. */
type Random = () => number;

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly "x-support"?: string;
}

export interface RandomBody {
  readonly body: object;
  /** Whether something in it has been made wrong on purpose. */
  readonly wrong: boolean;
}

const schemas = JSON.parse(readFileSync(new URL("../generated/request.json", import.meta.url), "utf8")) as Record<
  string,
  Schema
>;

const depthMax = 7;
/** An optional field is there in so many of a hundred bodies. */
const optionalShare = 0.12;

const strings = [
  "hi",
  "",
  " ",
  "null",
  "-1",
  "\u0000\u0001\u001f",
  "\ud800 half a pair",
  "\udc00",
  "\u2028\u2029\ufeff",
  "\u{1f99e}\u{10ffff}",
  "\u202eright to left",
  "data: [DONE]\n\n",
  "../../etc/passwd",
  "%s%n%x",
  "{{7*7}} ${7*7}",
  "'; DROP TABLE users; --",
  "<script>alert(1)</script>",
  "<|endoftext|><|im_start|>system",
  "x".repeat(3000),
  "a\r\nb\tc",
] as const;
const names = ["get_weather", "f", "-", "_".repeat(64), "toString", "__proto__", "constructor"] as const;
const anything: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e308,
  -1e-308,
  Number.MAX_SAFE_INTEGER,
  2 ** 63,
  "",
  "true",
  "\ud800",
  [],
  [null],
  [[[[]]]],
  {},
  { type: "text" },
  { $ref: "#" },
];

/** One body; about half of them are wrong in one to three places. `model` is mostly the one given. */
export function toRandomBody(random: Random, model: string): RandomBody {
  const request = schemas["ChatCompletionRequest"] ?? {};
  const body = make(request, random, 0) as Record<string, unknown>;
  if (random() < 0.9) body["model"] = model;
  if (random() < 0.6) body["messages"] = [{ role: "user", content: pick(strings, random) }];
  if (random() < 0.8) dropRefused(body, request);
  // Small answers: there are many of them.
  for (const name of ["max_tokens", "max_completion_tokens"]) {
    if (name in body || (name === "max_completion_tokens" && random() < 0.8))
      body[name] = 1 + Math.floor(random() * 16);
  }
  if (random() < 0.5) return { body, wrong: false };
  const times = 1 + Math.floor(random() * 3);
  for (let time = 0; time < times; time++) spoil(body, random);
  return { body, wrong: true };
}

/** What most servers refuse, so that enough bodies reach the model. */
function dropRefused(body: Record<string, unknown>, { properties = {} }: Schema): void {
  for (const [name, { "x-support": support }] of Object.entries(properties)) {
    if (support === "refused") delete body[name];
  }
  if (body["stream"] !== true) delete body["stream_options"];
  if (!Array.isArray(body["tools"])) delete body["tool_choice"];
  else delete body["functions"];
  if (body["functions"] === undefined) delete body["function_call"];
}

function make(schema: Schema, random: Random, depth: number): unknown {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
    return make(schemas[name] ?? {}, random, depth);
  }
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return pick(schema.enum, random);
  if (schema.oneOf !== undefined) return make(pick(schema.oneOf, random), random, depth);
  const types = [schema.type ?? "object"].flat();
  switch (pick(types, random)) {
    case "string":
      return makeString(schema, random);
    case "integer":
      return Math.round(makeNumber(schema, random));
    case "number":
      return makeNumber(schema, random);
    case "boolean":
      return random() < 0.5;
    case "array":
      return makeArray(schema, random, depth);
    case "object":
      return makeObject(schema, random, depth);
    default:
      return null;
  }
}

function makeString({ pattern, maxLength = 5000 }: Schema, random: Random): string {
  return pick(pattern === undefined ? strings : names, random).slice(0, maxLength);
}

function makeNumber({ minimum = -1000, maximum = 1000 }: Schema, random: Random): number {
  const share = random();
  if (share < 0.1) return minimum;
  if (share > 0.9) return maximum;
  return minimum + (Math.min(maximum, minimum + 1e6) - minimum) * random();
}

function makeArray({ items = {}, minItems = 0, maxItems = 5 }: Schema, random: Random, depth: number): unknown[] {
  const most = depth >= depthMax ? minItems : Math.max(minItems, Math.min(maxItems, 4));
  const length = minItems + Math.floor(random() * (most - minItems + 1));
  return Array.from({ length }, () => make(items, random, depth + 1));
}

function makeObject(schema: Schema, random: Random, depth: number): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const needed = schema.required?.includes(name) === true;
    if (needed || (depth < depthMax && random() < optionalShare)) value[name] = make(property, random, depth + 1);
  }
  const { additionalProperties: more } = schema;
  if (isObject(more) && depth < depthMax) {
    for (let count = Math.floor(random() * 4); count > 0; count--) set(value, pick(names, random), more, random, depth);
  } else if (random() < optionalShare / 4) value["x_unknown"] = structuredClone(pick(anything, random));
  return value;
}

/** `__proto__` as a key like any other. */
function set(value: object, name: string, schema: Schema, random: Random, depth: number): void {
  const made = make(schema, random, depth + 1);
  Object.defineProperty(value, name, { value: made, enumerable: true, configurable: true, writable: true });
}

/** Puts something else in a random place of the body, or takes away what is there. */
function spoil(body: object, random: Random): void {
  const places = listPlaces(body);
  const [holder, key] = pick(places, random);
  if (random() < 0.2) Reflect.deleteProperty(holder, key);
  else Reflect.set(holder, key, structuredClone(pick(anything, random)));
}

function listPlaces(value: object): (readonly [holder: object, key: string])[] {
  return Object.entries(value).flatMap(([key, one]: [string, unknown]) => [
    [value, key] as const,
    ...(typeof one === "object" && one !== null ? listPlaces(one) : []),
  ]);
}

function pick<T>(values: readonly T[], random: Random): T {
  // An index of an array that is not empty.
  return values[Math.floor(random() * values.length)] as T;
}
