import type { ErrorCode, GuardError } from "./contract.ts";

/** What a guard found, in the words of OpenAI's errors. */
export interface Violation {
  readonly code: ErrorCode;
  /** As in `messages[2].tool_call_id`; null when it is the whole value. */
  readonly param: string | null;
  readonly message: string;
}

/** Turns `/messages/2/tool_call_id` into `messages[2].tool_call_id`. */
export function toParam(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce((path, key) => (/^\d+$/.test(key) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`), "");
}

/**
 * The one finding worth showing. A union without a tag reports the findings of all its branches: the deepest one comes
 * from the branch that the sender probably meant, and equally deep type errors are alternatives.
 */
export function toViolation(errors: readonly GuardError[] | null | undefined, whole = "the request body"): Violation {
  const findings = (errors ?? []).filter(
    ({ keyword }) => keyword !== "oneOf" && keyword !== "anyOf" && keyword !== "if",
  );
  const deepest = Math.max(...findings.map(toDepth));
  const candidates = findings.filter((finding) => toDepth(finding) === deepest);
  const [first] = candidates;
  if (first === undefined) return { code: "invalid_value", param: null, message: `Invalid value for ${whole}.` };
  // Where one of the alternatives has the right type, its own finding says more than the list of types.
  const meant = candidates.find((finding) => finding.keyword !== "type" && fits(finding));
  if (meant !== undefined) return toSingleViolation(meant, whole);
  const types = candidates.flatMap(({ keyword, params }) => (keyword === "type" ? params["type"] : []) as string[]);
  return types.length > 0 ? toTypeViolation(first, types, whole) : toSingleViolation(first, whole);
}

function toDepth({ instancePath }: GuardError): number {
  return instancePath.split("/").length;
}

function toTypeViolation(first: GuardError, types: readonly string[], whole: string): Violation {
  const param = toParam(first.instancePath);
  const place = param === "" ? whole : `'${param}'`;
  const expected = [...new Set(types)].map(toArticle).join(" or ");
  const given = toArticle(toTypeName(first.data));
  const message = `Invalid type for ${place}: expected ${expected}, but got ${given} instead.`;
  return { code: "invalid_type", param: param || null, message };
}

function fits({ parentSchema, data }: GuardError): boolean {
  const types = [parentSchema?.["type"]].flat();
  const given = toTypeName(data);
  return types.includes(given) || (given === "integer" && types.includes("number"));
}

type Rule = (error: GuardError, place: string) => { code: ErrorCode; message: string };

const bound =
  (side: "below_min" | "above_max", sign: string): Rule =>
  ({ params, parentSchema, data }, place) => {
    const kind = [parentSchema?.["type"]].flat().includes("integer") ? "integer" : "decimal";
    const message = `Invalid ${place}: expected a value ${sign} ${String(params["limit"])}, but got ${String(data)} instead.`;
    return { code: `${kind}_${side}_value`, message };
  };

const oneOf =
  (values: (error: GuardError) => unknown): Rule =>
  (error, place) => {
    const known = [values(error)].flat().map((value) => `'${String(value)}'`);
    const given = error.keyword === "discriminator" ? error.params["tagValue"] : error.data;
    const shown = typeof given === "string" ? `'${given.slice(0, 64)}'` : toArticle(toTypeName(given));
    return {
      code: "invalid_value",
      message: `Invalid value for ${place}: ${shown}. Supported values are: ${known.join(", ")}.`,
    };
  };

const rules: Record<string, Rule> = {
  enum: oneOf(({ params }) => params["allowedValues"]),
  const: oneOf(({ params }) => params["allowedValue"]),
  discriminator: oneOf(({ parentSchema }) => parentSchema?.["x-values"]),
  minimum: bound("below_min", ">="),
  maximum: bound("above_max", "<="),
  minItems: (_, place) => ({
    code: "empty_array",
    message: `Invalid ${place}: empty array. Expected at least one item.`,
  }),
  maxItems: ({ params, data }, place) => ({
    code: "array_above_max_length",
    message: `Invalid ${place}: array too long. Expected at most ${String(params["limit"])} items, but got ${(data as unknown[]).length}.`,
  }),
  minLength: (_, place) => ({
    code: "empty_string",
    message: `Invalid ${place}: empty string. Expected at least one character.`,
  }),
  maxLength: ({ params, data }, place) => ({
    code: "string_above_max_length",
    message: `Invalid ${place}: string too long. Expected at most ${String(params["limit"])} characters, but got ${Array.from(data as string).length}.`,
  }),
  maxProperties: ({ params }, place) => ({
    code: "object_above_max_properties",
    message: `Invalid ${place}: too many properties. Expected at most ${String(params["limit"])}.`,
  }),
  pattern: ({ params }, place) => ({
    code: "invalid_value",
    message: `Invalid value for ${place}: expected a text that matches ${String(params["pattern"])}.`,
  }),
};

function toSingleViolation(error: GuardError, whole: string): Violation {
  const missing = toMissing(error);
  const param = toParam(`${error.instancePath}${missing === undefined ? toSuffix(error) : `/${escape(missing)}`}`);
  const place = param === "" ? whole : `'${param}'`;
  if (missing !== undefined) {
    return { code: "missing_required_parameter", param, message: `Missing required parameter: ${place}.` };
  }
  if (error.keyword === "additionalProperties") {
    return { code: "unknown_parameter", param, message: `Unknown parameter: ${place}.` };
  }
  if (error.keyword === "discriminator" && error.params["error"] === "tag") {
    const given = toTypeName(error.params["tagValue"]);
    return {
      code: "invalid_type",
      param,
      message: `Invalid type for ${place}: expected a string, but got ${toArticle(given)} instead.`,
    };
  }
  const rule = rules[error.keyword];
  const { code, message } = rule
    ? rule(error, place)
    : {
        code: "invalid_value" as const,
        message: `Invalid value for ${place}: it ${error.message ?? "is not allowed"}.`,
      };
  return { code, param: param || null, message };
}

function toMissing({ keyword, params }: GuardError): string | undefined {
  if (keyword === "required") return String(params["missingProperty"]);
  const absentTag = keyword === "discriminator" && params["error"] === "tag" && params["tagValue"] === undefined;
  return absentTag ? String(params["tag"]) : undefined;
}

function toSuffix({ keyword, params }: GuardError): string {
  if (keyword === "additionalProperties") return `/${escape(String(params["additionalProperty"]))}`;
  return keyword === "discriminator" ? `/${escape(String(params["tag"]))}` : "";
}

function escape(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function toTypeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function toArticle(type: string): string {
  if (type === "null") return "null";
  return /^[aeio]/.test(type) ? `an ${type}` : `a ${type}`;
}
