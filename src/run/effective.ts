import { GatewayError } from "../base/errors.ts";

/** The same error, of a run in which a tool has run: to repeat the call might do its effects twice. */
export function toEffective(cause: unknown): GatewayError {
  const error = GatewayError.from(cause);
  const { code, message, param, headers } = error;
  return new GatewayError(code, message, {
    // The log looks no deeper than this.
    cause: error.cause ?? error,
    retry: false,
    headers,
    ...(param === null ? {} : { param }),
  });
}
