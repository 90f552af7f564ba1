import { GatewayError } from "../../base/errors.ts";

export function toInvalid(param: string, why: string): GatewayError {
  return new GatewayError("invalid_value", `Invalid value for '${param}': ${why}.`, { param });
}
