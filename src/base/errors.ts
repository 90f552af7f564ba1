import { RequestViolation } from "@clawgate/contract";
import { errorCodes, type ErrorBody, type ErrorCode, type Usage } from "./contract.ts";

export interface GatewayErrorOptions {
  /** The path of the field at fault as OpenAI writes it, for example `messages[2].tool_call_id`. */
  readonly param?: string;
  /** Shown to nobody but the log. */
  readonly cause?: unknown;
  /** Whole seconds, 1 to 60. */
  readonly retryAfterSeconds?: number;
  /** Set once a run has begun having effects: repeating the call might do them twice. */
  readonly retry?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly spent?: SpentTokens | undefined;
}

/** What a model call that failed has cost, as far as it was told. */
export type SpentTokens = Readonly<Partial<Usage>>;

/** Of a message, and of a param: both may name what a client has sent, which may be of megabytes. */
const charactersMax = 1_000;

function cut(text: string): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1).toWellFormed()}…`;
}

/** The one error whose message is safe to show to a client. Its code fixes the HTTP status and OpenAI's `type`. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly code: ErrorCode;
  readonly param: string | null;
  readonly retryAfterSeconds: number | undefined;
  readonly retry: boolean | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly spent: SpentTokens | undefined;

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(cut(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.param = options.param === undefined ? null : cut(options.param);
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.retry = options.retry;
    this.headers = options.headers ?? {};
    this.spent = options.spent;
  }

  get status(): number {
    return errorCodes[this.code].status;
  }

  /** OpenAI's error envelope, all four keys (ErrorResponse in openapi/schemas/errors.yaml). */
  toBody(): ErrorBody {
    return {
      error: { message: this.message, type: errorCodes[this.code].type, param: this.param, code: this.code },
    };
  }

  /** Anything that is not a `GatewayError` is a defect: its text stays in the log, the client learns only that. */
  static from(error: unknown): GatewayError {
    if (error instanceof GatewayError) return error;
    if (error instanceof RequestViolation) return fromViolation(error);
    return new GatewayError("internal_error", "The gateway failed. The log holds the cause under the request id.", {
      cause: error,
    });
  }
}

function fromViolation({ violation: { code, param, message }, cause }: RequestViolation): GatewayError {
  return new GatewayError(code, message, { cause, ...(param === null ? {} : { param }) });
}

/** The same error, not to be retried: a tool has run, and to repeat the call might do its effects twice. */
export function withoutRetry(cause: unknown): GatewayError {
  const error = GatewayError.from(cause);
  return new GatewayError(error.code, error.message, { ...toOptions(error), retry: false });
}

/** The same error, with these headers as well. */
export function withHeaders(error: GatewayError, headers: Readonly<Record<string, string>>): GatewayError {
  const { retryAfterSeconds, retry } = error;
  return new GatewayError(error.code, error.message, {
    ...toOptions(error),
    headers: { ...error.headers, ...headers },
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(retry === undefined ? {} : { retry }),
  });
}

/** The same failure of a model call, with what it has cost; anything else stays as it is. */
export function withSpent<E>(error: E, spent: SpentTokens | undefined): E | GatewayError {
  if (spent === undefined || !(error instanceof GatewayError)) return error;
  const { retryAfterSeconds, retry } = error;
  return new GatewayError(error.code, error.message, {
    ...toOptions(error),
    spent,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(retry === undefined ? {} : { retry }),
  });
}

function toOptions(error: GatewayError): GatewayErrorOptions {
  const { param, headers, spent } = error;
  // The log looks no deeper than the cause.
  return { cause: error.cause ?? error, headers, spent, ...(param === null ? {} : { param }) };
}

/** 400 `invalid_value`. `why` is the end of the sentence that begins with the field; the cause is for the log. */
export function invalidValue(param: string, why: string, cause?: unknown): GatewayError {
  return new GatewayError("invalid_value", `Invalid value for '${param}': ${why}.`, { param, cause });
}

/** 403 for a key that is right, but not for this (RFC 6750 section 3.1). */
export function insufficientScope(keyName: string, scope: string): GatewayError {
  return new GatewayError(
    "insufficient_scope",
    `The key '${keyName}' is not for this: it lacks the scope '${scope}'.`,
    {
      headers: { "www-authenticate": `Bearer realm="clawgate", error="insufficient_scope", scope="${scope}"` },
    },
  );
}
