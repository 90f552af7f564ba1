import type { ErrorCode } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import { toErrorFields, toRequestField } from "./error-fields.ts";

/** One attempt to reach a model that failed before anything was said. */
export class FailedAttempt extends Error {
  override readonly name = "FailedAttempt";
  /** What the client is told if no other attempt is made. */
  readonly error: GatewayError;
  /** After how long it is worth trying again; undefined if it is not. */
  readonly retryAfterMs: number | undefined;

  constructor(error: GatewayError, retryAfterMs?: number) {
    super(error.message, { cause: error });
    this.error = error;
    this.retryAfterMs = retryAfterMs;
  }
}

/** An error answer of a provider: the status, and what its body says about itself, as far as that could be read. */
export interface ErrorAnswer {
  readonly status: number;
  readonly retryAfter?: string | undefined;
  /** The parsed body, whatever it is. Of it only codes and names of fields are ever used. */
  readonly body?: unknown;
}

interface StatusRule {
  readonly code: ErrorCode;
  readonly message: string;
  /** Trying once more may help. */
  readonly passing?: boolean;
}

const rejected = "The model provider refused the gateway's call. The operator finds the reason in the log.";
const failed = "The model provider failed.";
const overloaded = "The model provider is overloaded.";

/**
 * What each status of a provider means to a client of the gateway. A provider's 401 is about the gateway's key, never
 * about the client's.
 */
const rules: Readonly<Record<number, StatusRule>> = {
  408: { code: "upstream_timeout", message: "The model provider did not answer in time.", passing: true },
  409: { code: "upstream_error", message: failed, passing: true },
  429: {
    code: "rate_limit_exceeded",
    message: "The model provider's rate limit or quota is used up.",
    passing: true,
  },
  500: { code: "upstream_error", message: failed, passing: true },
  502: { code: "upstream_error", message: failed, passing: true },
  503: { code: "upstream_unavailable", message: overloaded, passing: true },
  504: { code: "upstream_timeout", message: "The model provider did not answer in time." },
  529: { code: "upstream_unavailable", message: overloaded, passing: true },
};

const retryMs = 250;
/** A longer wait is the client's to make: it sees `retry-after`. */
const patienceMs = 2_000;
const retryAfterSecondsMax = 30;

/** What an error answer becomes. The cause, for the log, holds the status and the codes of the body, not its text. */
export function toFailedAttempt({ status, retryAfter, body }: ErrorAnswer): FailedAttempt {
  const { code, type, param, isTooLong } = toErrorFields(body);
  const cause = new Error(`the provider answered ${status}${code ? ` ${code}` : ""}${type ? ` (${type})` : ""}`);
  const field = toRequestField(param);
  if (isTooLong || (code === "string_above_max_length" && (field ?? "messages") === "messages")) {
    return refuse("context_length_exceeded", "The conversation is too long for the agent's model.", cause, "messages");
  }
  if (status === 400 && field !== undefined) {
    return refuse("unsupported_value", `Unsupported value for '${field}': the agent's model refuses it.`, cause, field);
  }
  const fallback: StatusRule =
    status >= 500
      ? { code: "upstream_error", message: failed, passing: true }
      : { code: "upstream_rejected", message: rejected };
  const found = rules[status] ?? fallback;
  const seconds = toRetrySeconds(retryAfter);
  const spent = code === "insufficient_quota";
  const error = new GatewayError(found.code, found.message, {
    cause,
    ...(status === 429 || status === 503 || status === 529
      ? { retryAfterSeconds: Math.min(Math.max(seconds ?? 1, 1), retryAfterSecondsMax) }
      : {}),
    ...(spent ? { retry: false } : {}),
  });
  if (found.passing !== true || spent) return new FailedAttempt(error);
  const waitMs = seconds === undefined ? retryMs : seconds * 1000;
  return new FailedAttempt(error, waitMs <= patienceMs ? waitMs : undefined);
}

/** What a connection that could not be made, or broke, becomes. */
export function toBrokenAttempt(cause: unknown): FailedAttempt {
  const { message, passing } = toNetworkFailure(cause);
  const error = new GatewayError("upstream_error", message, { cause: toShort(cause) });
  return new FailedAttempt(error, passing ? retryMs : undefined);
}

/** OpenSSL names its own files and functions before and behind what it has met. */
function toShort(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const [, met] = /:SSL routines:[^:]*:([^:]+):/.exec(cause.message) ?? [];
  return met === undefined ? cause : new Error(met, { cause });
}

/** What a login, or the front page of a site, becomes. */
export function toWebPageError(): GatewayError {
  return new GatewayError("upstream_error", "The model provider answered with a web page; its base URL may be wrong.");
}

/** The failure of a call whose answer had begun. */
export function toBrokenAnswer(cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause;
  const tooMuch = isCoded(cause) && cause.code === "UND_ERR_RES_EXCEEDED_MAX_SIZE";
  const message = tooMuch ? "The model's answer is too large." : "The model's answer broke off.";
  return new GatewayError("upstream_error", message, { cause });
}

const inBandStatuses: ReadonlyMap<string | undefined, number> = new Map([
  ["rate_limit_exceeded", 429],
  ["insufficient_quota", 429],
]);

/** A body that says `{"error": …}` where an answer should be; some servers do so with status 200, or in a stream. */
export function toInBandFailure(body: unknown): FailedAttempt {
  const { code } = toErrorFields(body);
  const status = Number(code);
  const numeric = Number.isInteger(status) && status >= 400 && status <= 599 ? status : undefined;
  return toFailedAttempt({ status: numeric ?? inBandStatuses.get(code) ?? 500, body });
}

function isCoded(cause: unknown): cause is Error & { readonly code: unknown } {
  return cause instanceof Error && "code" in cause;
}

/** OpenAI's code, which many have taken over, and llama.cpp's type. */
function refuse(code: ErrorCode, message: string, cause: Error, param: string): FailedAttempt {
  return new FailedAttempt(new GatewayError(code, message, { cause, param }));
}

/** What a connection's failure means. */
export interface NetworkFailure {
  readonly message: string;
  /** Another attempt at once may go better. */
  readonly passing: boolean;
}

const unreachable = "The model provider cannot be reached.";
const brokeOff = "The model provider broke off before it answered.";

const failures = new Map<string, NetworkFailure>([
  ["ECONNREFUSED", { message: unreachable, passing: true }],
  ["EAI_AGAIN", { message: unreachable, passing: true }],
  ["EHOSTUNREACH", { message: unreachable, passing: true }],
  ["ENETUNREACH", { message: unreachable, passing: true }],
  ["ENOTFOUND", { message: unreachable, passing: false }],
  // Whoever asked has waited long enough.
  ["ETIMEDOUT", { message: unreachable, passing: false }],
  ["UND_ERR_CONNECT_TIMEOUT", { message: unreachable, passing: false }],
  ["EPROTO", { message: unreachable, passing: false }],
  ["ECONNRESET", { message: brokeOff, passing: true }],
  ["EPIPE", { message: brokeOff, passing: true }],
  ["UND_ERR_SOCKET", { message: brokeOff, passing: true }],
  ["UND_ERR_RES_EXCEEDED_MAX_SIZE", { message: "The model's answer is too large.", passing: false }],
]);

/** By the error's code. One that is not known, such as a malformed answer, would come again. */
export function toNetworkFailure(cause: unknown): NetworkFailure {
  const code = cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";
  const known = failures.get(code);
  if (known !== undefined) return known;
  // OpenSSL and Node have dozens of codes for a certificate that does not hold, or a protocol that is too old.
  return { message: /CERT|TLS|SSL|SIGNATURE/.test(code) ? unreachable : brokeOff, passing: false };
}

/** Beside the seconds of RFC 9110 section 10.2.3 some servers send fractions of them. */
const secondsForm = /^\d{1,9}(?:\.\d+)?$/;
const dateForm = /^[A-Z][a-z]+, /;

/** The whole seconds of a `retry-after`; undefined for what is neither seconds nor a date. */
export function toRetrySeconds(retryAfter: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (secondsForm.test(retryAfter)) return Math.ceil(Number(retryAfter));
  const seconds = dateForm.test(retryAfter) ? (Date.parse(retryAfter) - Date.now()) / 1000 : NaN;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}
