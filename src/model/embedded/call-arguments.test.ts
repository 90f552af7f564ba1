import { expect, it } from "vitest";
import { toArguments } from "./call-arguments.ts";

const city = { type: "string" };
const unit = { type: "string", enum: ["celsius", "fahrenheit"] };
const days = { type: "integer", minimum: 1, maximum: 9 };

it.each<{ said: string; properties: object; required?: string[]; want: object }>([
  { said: "weather in Oslo", properties: { city }, want: { city: "Oslo" } },
  { said: "What's the weather in New York, please?", properties: { city }, want: { city: "New York" } },
  { said: "weather for Oslo today", properties: { city }, want: { city: "Oslo" } },
  { said: 'weather for "San José"', properties: { city }, want: { city: "San José" } },
  { said: 'get_weather {"city": "Rome", "days": 2}', properties: { city, days }, want: { city: "Rome", days: 2 } },
  {
    said: 'get_weather {"city": 7}',
    properties: { city },
    required: ["city"],
    want: { city: 'get_weather {"city": 7}' },
  },
  { said: "city=Rome days=3", properties: { city, days }, want: { city: "Rome", days: 3 } },
  { said: 'city: "New York", days: 30', properties: { city, days }, want: { city: "New York" } },
  { said: "weather in Oslo in celsius", properties: { city, unit }, want: { city: "Oslo", unit: "celsius" } },
  { said: "weather in Oslo", properties: { city, days }, required: ["city", "days"], want: { city: "Oslo", days: 1 } },
  { said: "hello", properties: { city, days }, want: { city: "hello", days: 1 } },
  { said: "dry run=true", properties: { run: { type: "boolean" } }, want: { run: true } },
  { said: "anything", properties: {}, want: {} },
])("$said → $want", ({ said, properties, required = [], want }) => {
  expect(toArguments(said, { type: "object", properties, required, additionalProperties: false })).toEqual(want);
});

it("makes no arguments for a function that declares none", () => {
  expect(toArguments("go on", undefined)).toEqual({});
});
