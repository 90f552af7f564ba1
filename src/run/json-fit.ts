import { createContext, Script } from "node:vm";
import type { ValidateFunction } from "ajv";
import type { Ajv2020 } from "ajv/dist/2020.js";
import type { ResponseFormat } from "../base/contract.ts";
import { GatewayError, invalidValue } from "../base/errors.ts";

export type JsonFormat = Exclude<ResponseFormat, { type: "text" }>;

/**
 * What is wrong with a text that shall be JSON in this form, as a sentence for the model; undefined if it fits. Throws
 * `invalid_value` if to find out takes too long.
 */
export type FindMisfit = (text: string) => string | undefined;

/** A pattern of a client's schema may take for ever on a text of the model. */
const checkMsMax = 500;

/** Throws `invalid_value` if the schema of the form cannot be used. */
export async function createFindMisfit(format: JsonFormat): Promise<FindMisfit> {
  const schema = toSchema(format);
  if (schema === undefined) return (text) => findFault(text, (value) => (isObject(value) ? undefined : noObject));
  const check = await createCheck(schema.value, schema.param);
  return (text) => findFault(text, check);
}

/** With its place in the request. Undefined where any object will do. */
export function toSchema(format: JsonFormat): { readonly value: object; readonly param: string } | undefined {
  if (format.type === "json_schema")
    return { value: format.json_schema.schema ?? {}, param: "response_format.json_schema.schema" };
  return format.schema === undefined ? undefined : { value: format.schema, param: "response_format.schema" };
}

type Check = (value: unknown) => string | undefined;

const noObject = "it is no JSON object.";

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function findFault(text: string, check: Check): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `it is not JSON (${why.slice(0, 200)}).`;
  }
  return check(value);
}

/** The schema of schemas: it takes longer to compile than any other, and is always the same. */
let metaschema: ValidateFunction | undefined;

async function createCheck(schema: object, param: string): Promise<Check> {
  // Few gateways ever need the compiler, and it would slow the start of all.
  const { Ajv2020: Compiler } = await import("ajv/dist/2020.js");
  metaschema ??= new Compiler().compile({ $ref: "https://json-schema.org/draft/2020-12/schema" });
  // `$schema` is not looked at: SDKs name drafts that differ from this one in nothing they use.
  const options = { strict: false, allErrors: true, validateFormats: false, logger: false } as const;
  const ajv = new Compiler({ ...options, meta: false, validateSchema: false });
  const validate = compile(ajv, metaschema, { schema, param });
  return (value) => withinTime(() => toMisfit(ajv, validate, value), param);
}

function compile(
  ajv: Ajv2020,
  isSchema: ValidateFunction,
  { schema, param }: { readonly schema: object; readonly param: string },
): ValidateFunction {
  let validate: ValidateFunction | undefined;
  try {
    if (isSchema(schema)) validate = withinTime(() => ajv.compile(schema), param);
  } catch (cause) {
    throw cause instanceof GatewayError ? cause : toUnusable(param, cause);
  }
  // The validator of an `$async` schema gives a promise that rejects, and for which nobody would wait.
  if (validate === undefined || "$async" in validate) throw toUnusable(param);
  return validate;
}

function toMisfit(ajv: Ajv2020, validate: ValidateFunction, value: unknown): string | undefined {
  try {
    if (validate(value)) return undefined;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    return "it is nested too deeply.";
  }
  return `${ajv.errorsText(validate.errors?.slice(0, 10) ?? [], { dataVar: "the object" })}.`;
}

function toUnusable(param: string, cause?: unknown): GatewayError {
  return invalidValue(param, "it cannot be used", cause);
}

/** Only a script of its own can be stopped while a regular expression runs. */
function withinTime<T>(work: () => T, param: string): T {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the script returns what `work` does
    return new Script("work()").runInContext(createContext({ work }), { timeout: checkMsMax }) as T;
  } catch (cause) {
    const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
    if (code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw cause;
    throw invalidValue(param, "it takes too long to check", cause);
  }
}
