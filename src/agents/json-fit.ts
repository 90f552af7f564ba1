import { createContext, Script } from "node:vm";
import type { ResponseFormat } from "../contract.ts";
import { GatewayError } from "../errors.ts";

/** A pattern of a client's schema may take for ever on a text of the model. */
const checkMsMax = 500;

/**
 * What is wrong with a text that shall be JSON in this form, as a sentence for the model; undefined if it fits. Throws
 * `invalid_value` if the schema itself cannot be used.
 */
export async function findMisfit(
  text: string,
  format: Exclude<ResponseFormat, { type: "text" }>,
): Promise<string | undefined> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `it is not JSON (${(error as Error).message.slice(0, 200)}).`;
  }
  if (format.type === "json_object") {
    return typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : "it is no JSON object.";
  }
  // Few gateways ever need the compiler, and it would slow the start of all.
  const { Ajv2020 } = await import("ajv/dist/2020.js");
  return withinTime(() => validate(Ajv2020, value, format.json_schema.schema ?? {}));
}

type Compiler = typeof import("ajv/dist/2020.js").Ajv2020;

function validate(Ajv2020: Compiler, value: unknown, schema: object): string | undefined {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false, logger: false });
  let validator: ReturnType<typeof ajv.compile>;
  try {
    validator = ajv.compile(schema);
  } catch (cause) {
    throw new GatewayError("invalid_value", "Invalid value for 'response_format': its schema cannot be used.", {
      param: "response_format.json_schema.schema",
      cause,
    });
  }
  if (validator(value)) return undefined;
  return `${ajv.errorsText(validator.errors?.slice(0, 10) ?? [], { dataVar: "the object" })}.`;
}

/** Only a script of its own can be stopped while a regular expression runs. */
function withinTime<T>(work: () => T): T {
  try {
    return new Script("work()").runInContext(createContext({ work }), { timeout: checkMsMax }) as T;
  } catch (cause) {
    if ((cause as { readonly code?: unknown }).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw cause;
    throw new GatewayError(
      "invalid_value",
      "Invalid value for 'response_format': its schema takes too long to check.",
      {
        param: "response_format.json_schema.schema",
        cause,
      },
    );
  }
}
