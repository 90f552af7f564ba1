import { assertValid } from "./check.ts";
import type { Parameters } from "./reply.ts";
import { RequestViolation } from "./request-violation.ts";
import type { ParameterRow, Row } from "./row.ts";

/**
 * The text of one parameter; undefined if it is not there. That of the path is still percent-encoded, and one of the
 * query that is there more than once is a list.
 */
export type ReadText = (place: ParameterRow["in"], name: string) => string | readonly string[] | undefined;

/** Reads the parameters of an operation as the document types them. What it returns throws `RequestViolation`. */
export function createParameterReader<Ops, O extends keyof Ops>(
  row: Row<Ops, O>,
): (read: ReadText) => Parameters<Ops, O> {
  const { checkParameters } = row;
  const rows = Object.entries(row.parameters);
  return (read) => {
    const parameters: Record<string, unknown> = {};
    for (const [name, { in: place, type, emptyCounts = false }] of rows) {
      const given = read(place, name);
      if (given === undefined || (given === "" && !emptyCounts)) continue;
      parameters[name] = toParameter(toText(given, place, name), type);
    }
    assertValid(checkParameters, parameters, toError, "the parameters");
    return parameters;
  };
}

function toError(violation: ConstructorParameters<typeof RequestViolation>[0]): RequestViolation {
  return new RequestViolation(violation, "parameters");
}

function toText(given: string | readonly string[], place: ParameterRow["in"], name: string): string {
  if (typeof given !== "string") throw invalid(name, `it is there ${given.length} times`);
  return place === "path" ? decode(given, name) : given;
}

function decode(text: string, name: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw invalid(name, "the percent-encoding is broken", cause);
  }
}

function invalid(param: string, why: string, cause?: unknown): RequestViolation {
  const message = `Invalid value for '${param}': ${why}.`;
  return new RequestViolation({ code: "invalid_value", param, message }, "parameters", cause);
}

/** A text that is no number or truth value stays one, and the check finds it. */
function toParameter(text: string, type: ParameterRow["type"]): unknown {
  switch (type) {
    case "string":
      return text;
    case "integer":
    case "number":
      return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
  }
}
