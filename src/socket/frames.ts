import { checkRequestFrame, errorCodes, type FrameError, type RequestFrame } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";

/** A request that has come, or what is wrong with it and the id to say so with. */
export type Incoming =
  | { readonly frame: RequestFrame; readonly fault?: undefined }
  | { readonly frame?: undefined; readonly id: string; readonly fault: GatewayError };

/** For what has no id of its own. */
const namelessId = "invalid";

/** `assertBounded` throws for JSON that would be dear to parse or to walk. */
export function readFrame(bytes: Buffer, assertBounded: (bytes: Uint8Array) => void): Incoming {
  let value: unknown;
  try {
    assertBounded(bytes);
    value = JSON.parse(bytes.toString());
  } catch (cause) {
    const fault =
      cause instanceof GatewayError ? cause : new GatewayError("invalid_json", "The frame is not valid JSON.");
    return { id: namelessId, fault };
  }
  const violation = checkRequestFrame(value, "the frame");
  if (violation === undefined) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the check has just said so
    return { frame: value as RequestFrame };
  }
  const { code, message, param } = violation;
  const fault = new GatewayError(code, message, param === null ? {} : { param });
  return { id: findId(value) ?? namelessId, fault };
}

function findId(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("id" in value)) return undefined;
  const { id } = value;
  return typeof id === "string" && id !== "" && id.length <= 256 ? id : undefined;
}

export function toResponse(id: string, payload: unknown): string {
  return JSON.stringify({ type: "res", id, ok: true, payload });
}

export function toRefusal(id: string, error: FrameError, payload?: unknown): string {
  return JSON.stringify({ type: "res", id, ok: false, error, payload });
}

/** The protocol has few codes; which of the gateway's it is, clients read in `details`. */
export function toFrameError(error: GatewayError): FrameError {
  const { status, code, message, param, retryAfterSeconds, headers } = error;
  const retrySeconds = retryAfterSeconds ?? Number(headers["retry-after"] ?? Number.NaN);
  const mayRetry = error.retry ?? errorCodes[code].retry;
  return {
    code: status === 403 ? "FORBIDDEN" : status === 429 || status >= 500 ? "UNAVAILABLE" : "INVALID_REQUEST",
    message,
    details: { code, ...(param === null ? {} : { param }) },
    ...(mayRetry ? { retryable: true } : {}),
    ...(mayRetry && retrySeconds > 0 ? { retryAfterMs: retrySeconds * 1000 } : {}),
  };
}
