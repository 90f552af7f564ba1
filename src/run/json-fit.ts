import type { ResponseFormat } from "../base/contract.ts";
import { invalidValue } from "../base/errors.ts";
import { checkJson, type Checked, type ToCheck } from "./json-check.ts";

export type JsonFormat = Exclude<ResponseFormat, { type: "text" }>;

/**
 * What is wrong with a text that shall be JSON in this form, as a sentence for the model; undefined if it fits. Rejects
 * with `invalid_value` if to find out takes too long.
 */
export type FindMisfit = (text: string) => Promise<string | undefined>;

/** A schema as JSON, and its place in the request. */
export interface PlacedSchema {
  readonly text: string;
  readonly param: string;
}

/** Vendors take a tenth of it. The model is told it in words, and so is the thread that checks it. */
const schemaUnitsMax = 1_000_000;

/** Undefined where any object will do. Throws `invalid_value` for a schema that is too large. */
export function toSchema(format: JsonFormat): PlacedSchema | undefined {
  if (format.type === "json_schema")
    return place(format.json_schema.schema ?? {}, "response_format.json_schema.schema");
  return format.schema === undefined ? undefined : place(format.schema, "response_format.schema");
}

function place(schema: object, param: string): PlacedSchema {
  const text = toText(schema, param);
  if (text.length > schemaUnitsMax) throw invalidValue(param, `it may have at most ${schemaUnitsMax} characters`);
  return { text, param };
}

function toText(schema: object, param: string): string {
  try {
    return JSON.stringify(schema);
  } catch (cause) {
    // Deeper than the stack.
    throw invalidValue(param, "it cannot be used", cause);
  }
}

/** Rejects with `invalid_value` if the schema cannot be used. */
export async function createFindMisfit(schema: PlacedSchema | undefined): Promise<FindMisfit> {
  if (schema === undefined) return (text) => check({ text }, "response_format");
  await check({ schema: schema.text }, schema.param);
  return (text) => check({ schema: schema.text, text }, schema.param);
}

async function check(toCheck: ToCheck, param: string): Promise<string | undefined> {
  const checked: Checked | undefined = await checkJson(toCheck);
  if (checked === undefined) throw invalidValue(param, "it takes too long to check");
  if ("unusable" in checked) throw invalidValue(param, "it cannot be used");
  return checked.misfit;
}
