import type { Context } from "koa";
import type { OperationRow } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import { toViolation } from "../base/violation.ts";

type ParameterRow = OperationRow["parameters"][string];

/** The parameters of the path, the query and the headers, as the contract types them. Throws what the guard finds. */
export function readParameters(ctx: Context, row: OperationRow): object {
  if (row.isParameters === undefined) return {};
  const parameters: Record<string, unknown> = {};
  const captures = [...(ctx["captures"] as string[])];
  for (const [name, { in: place, type }] of Object.entries(row.parameters)) {
    const value = readText(ctx, place, name, captures);
    // An empty one is the same as none.
    if (value !== "") parameters[name] = toParameter(value, type);
  }
  if (row.isParameters(parameters)) return parameters;
  const { code, param, message } = toViolation(row.isParameters.errors, "the parameters");
  throw new GatewayError(code, message, param === null ? {} : { param });
}

function readText(ctx: Context, place: ParameterRow["in"], name: string, captures: string[]): string {
  switch (place) {
    case "path":
      return decode(captures.shift() ?? "", name);
    case "query":
      return readQuery(ctx, name);
    case "header":
      return ctx.get(name);
  }
}

function readQuery(ctx: Context, name: string): string {
  const value = ctx.query[name] ?? "";
  if (typeof value === "string") return value;
  throw new GatewayError("invalid_value", `Invalid value for '${name}': it is there ${value.length} times.`, {
    param: name,
  });
}

/** A text that is no number or truth value stays one, and the guard finds it. */
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

/** See `Call.header` in contract.ts. */
export function createHeaderReader({ req }: Context): (name: string) => string | undefined {
  return (name) => {
    const values = req.headersDistinct[name] ?? [];
    if (values.length > 1)
      throw new GatewayError("invalid_http", `The header '${name}' is there twice.`, { param: name });
    return values[0] === "" ? undefined : values[0];
  };
}

function decode(text: string, name: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new GatewayError("invalid_value", `Invalid value for '${name}': the percent-encoding is broken.`, {
      param: name,
      cause,
    });
  }
}
