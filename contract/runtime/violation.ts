import type { Finding } from "./finding.ts";

/** The kinds of violations, by the names that OpenAI's errors have. */
export type ViolationCode =
  | "invalid_type"
  | "invalid_value"
  | "missing_required_parameter"
  | "unknown_parameter"
  | "empty_string"
  | "string_above_max_length"
  | "empty_array"
  | "array_above_max_length"
  | "object_above_max_properties"
  | `${"integer" | "decimal"}_${"below_min" | "above_max"}_value`;

/** What a check found, in the words of OpenAI's errors. */
export interface Violation {
  readonly code: ViolationCode;
  /** As in `messages[2].tool_call_id`; null when it is the whole value. */
  readonly param: string | null;
  readonly message: string;
  /** What the validator said, for those who want to say it in other words. */
  readonly finding: Finding | undefined;
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
export function toViolation(errors: readonly Finding[] | null | undefined, whole = "the request body"): Violation {
  const findings = (errors ?? []).filter(({ keyword }) => !isSum(keyword));
  const deepest = Math.max(...findings.map(toDepth));
  const candidates = findings.filter((finding) => toDepth(finding) === deepest);
  const [first] = candidates;
  if (first === undefined) {
    return { code: "invalid_value", param: null, message: `Invalid value for ${whole}.`, finding: undefined };
  }
  // Where one of the alternatives has the right type, its own finding says more than the list of types.
  const meant = candidates.find((finding) => finding.keyword !== "type" && fits(finding));
  if (meant !== undefined) return toSingleViolation(meant, whole);
  const types = candidates
    .flatMap(({ keyword, params }) => (keyword === "type" ? [params["type"]].flat() : []))
    .map(String);
  return types.length > 0 ? toTypeViolation(first, types, whole) : toSingleViolation(first, whole);
}

/** What says no more than that the findings before it were made. */
function isSum(keyword: string): boolean {
  return keyword === "oneOf" || keyword === "anyOf" || keyword === "if" || keyword === "propertyNames";
}

/** One violation for each mistake, where a validator goes on after the first: the branches of a union are one. */
export function toViolations(errors: readonly Finding[] | null | undefined, whole?: string): Violation[] {
  const groups: Finding[][] = [];
  for (const finding of errors ?? []) {
    if (!isSum(finding.keyword)) {
      groups.push([finding]);
      continue;
    }
    const own: Finding[] = [];
    while (groups.at(-1)?.every((one) => isWithin(one, finding)) === true) own.unshift(...(groups.pop() ?? []));
    groups.push(own.length === 0 ? [finding] : own);
  }
  return groups.map((group) => toViolation(group, whole));
}

function isWithin({ instancePath }: Finding, { instancePath: place }: Finding): boolean {
  return instancePath === place || instancePath.startsWith(`${place}/`);
}

function toDepth({ instancePath }: Finding): number {
  return instancePath.split("/").length;
}

function toTypeViolation(first: Finding, types: readonly string[], whole: string): Violation {
  const param = toParam(first.instancePath);
  const place = param === "" ? whole : `'${param}'`;
  const expected = [...new Set(types)].map(toArticle).join(" or ");
  const given = toArticle(toTypeName(first.data));
  const message = `Invalid type for ${place}: expected ${expected}, but got ${given} instead.`;
  return { code: "invalid_type", param: param || null, message, finding: first };
}

function fits({ expected, data }: Finding): boolean {
  const types = expected?.types ?? [];
  const given = toTypeName(data);
  return types.includes(given) || (given === "integer" && types.includes("number"));
}

type Rule = (finding: Finding, place: string) => { code: ViolationCode; message: string };

const bound =
  (side: "below_min" | "above_max", sign: string): Rule =>
  ({ params, expected, data }, place) => {
    const kind = expected?.types.includes("integer") === true ? "integer" : "decimal";
    const message = `Invalid ${place}: expected a value ${sign} ${String(params["limit"])}, but got ${String(data)} instead.`;
    return { code: `${kind}_${side}_value`, message };
  };

const oneOf =
  (values: (finding: Finding) => unknown): Rule =>
  (finding, place) => {
    const known = [values(finding)].flat().map((value) => `'${String(value)}'`);
    const given = finding.keyword === "discriminator" ? finding.params["tagValue"] : finding.data;
    const shown = typeof given === "string" ? `'${given.slice(0, 64)}'` : toArticle(toTypeName(given));
    return {
      code: "invalid_value",
      message: `Invalid value for ${place}: ${shown}. Supported values are: ${known.join(", ")}.`,
    };
  };

const rules: Record<string, Rule> = {
  enum: oneOf(({ params }) => params["allowedValues"]),
  const: oneOf(({ params }) => params["allowedValue"]),
  discriminator: oneOf(({ expected }) => expected?.values),
  minimum: bound("below_min", ">="),
  maximum: bound("above_max", "<="),
  minItems: (_, place) => ({
    code: "empty_array",
    message: `Invalid ${place}: empty array. Expected at least one item.`,
  }),
  maxItems: ({ params, data }, place) => ({
    code: "array_above_max_length",
    message: `Invalid ${place}: array too long. Expected at most ${String(params["limit"])} items, but got ${Array.isArray(data) ? data.length : 0}.`,
  }),
  minLength: (_, place) => ({
    code: "empty_string",
    message: `Invalid ${place}: empty string. Expected at least one character.`,
  }),
  maxLength: ({ params, data }, place) => ({
    code: "string_above_max_length",
    message: `Invalid ${place}: string too long. Expected at most ${String(params["limit"])} characters, but got ${toCount(String(data))}.`,
  }),
  maxProperties: ({ params }, place) => ({
    code: "object_above_max_properties",
    message: `Invalid ${place}: too many properties. Expected at most ${String(params["limit"])}.`,
  }),
  pattern: ({ params, expected, propertyName }, place) => {
    const wanted = expected?.words ?? `a text that matches ${String(params["pattern"])}`;
    const what = propertyName === undefined ? `value for ${place}` : `name '${propertyName.slice(0, 64)}' in ${place}`;
    return { code: "invalid_value", message: `Invalid ${what}: expected ${wanted}.` };
  },
};

function toSingleViolation(finding: Finding, whole: string): Violation {
  return { ...toWords(finding, whole), finding };
}

function toWords(finding: Finding, whole: string): Omit<Violation, "finding"> {
  const missing = toMissing(finding);
  const param = toParam(`${finding.instancePath}${missing === undefined ? toSuffix(finding) : `/${escape(missing)}`}`);
  const place = param === "" ? whole : `'${param}'`;
  if (missing !== undefined) {
    return { code: "missing_required_parameter", param, message: `Missing required parameter: ${place}.` };
  }
  if (finding.keyword === "additionalProperties") {
    return { code: "unknown_parameter", param, message: `Unknown parameter: ${place}.` };
  }
  if (finding.keyword === "discriminator" && finding.params["error"] === "tag") {
    const given = toTypeName(finding.params["tagValue"]);
    return {
      code: "invalid_type",
      param,
      message: `Invalid type for ${place}: expected a string, but got ${toArticle(given)} instead.`,
    };
  }
  const rule = rules[finding.keyword];
  const { code, message } = rule
    ? rule(finding, place)
    : {
        code: "invalid_value" as const,
        message: `Invalid value for ${place}: it ${finding.message ?? "is not allowed"}.`,
      };
  return { code, param: param || null, message };
}

function toMissing({ keyword, params }: Finding): string | undefined {
  if (keyword === "required") return String(params["missingProperty"]);
  const absentTag = keyword === "discriminator" && params["error"] === "tag" && params["tagValue"] === undefined;
  return absentTag ? String(params["tag"]) : undefined;
}

function toSuffix({ keyword, params }: Finding): string {
  if (keyword === "additionalProperties") return `/${escape(String(params["additionalProperty"]))}`;
  return keyword === "discriminator" ? `/${escape(String(params["tag"]))}` : "";
}

/** Of more than this nobody counts the characters, and to do so would hold up whoever waits. */
const countedMax = 100_000;

/** A character may be two units. */
function toCount(text: string): string {
  if (text.length > countedMax) return `more than ${countedMax / 2}`;
  let count = 0;
  for (const _ of text) count += 1;
  return String(count);
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
