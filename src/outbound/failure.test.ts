import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import { toBrokenAnswer, toBrokenAttempt, toFailedAttempt, toInBandFailure } from "./failure.ts";

const secret = "sk-secret of https://internal.example";
const body = { error: { message: secret, type: "some_error", code: null, param: null } };

describe("toFailedAttempt", () => {
  it.each<[status: number, code: ErrorCode, ms: number | undefined, seconds: number | undefined]>([
    [400, "upstream_rejected", undefined, undefined],
    [401, "upstream_rejected", undefined, undefined],
    [402, "upstream_rejected", undefined, undefined],
    [403, "upstream_rejected", undefined, undefined],
    [404, "upstream_rejected", undefined, undefined],
    [408, "upstream_timeout", 250, undefined],
    [409, "upstream_error", 250, undefined],
    [413, "upstream_rejected", undefined, undefined],
    [418, "upstream_rejected", undefined, undefined],
    [422, "upstream_rejected", undefined, undefined],
    [429, "rate_limit_exceeded", 250, 1],
    [500, "upstream_error", 250, undefined],
    [501, "upstream_error", 250, undefined],
    [502, "upstream_error", 250, undefined],
    [503, "upstream_unavailable", 250, 1],
    [504, "upstream_timeout", undefined, undefined],
    [520, "upstream_error", 250, undefined],
    [529, "upstream_unavailable", 250, 1],
  ])("of %i is %s, worth another attempt after %s ms", (status, code, retryAfterMs, retryAfterSeconds) => {
    const failed = toFailedAttempt({ status, body });
    expect(failed).toMatchObject({ retryAfterMs, error: { code, retryAfterSeconds, param: null } });
    // A 401 of the provider is never the client's.
    expect(failed.error.status).not.toBe(401);
    expect(failed.error.message + String(failed.error.cause)).not.toContain("secret");
    expect(String(failed.error.cause)).toContain(`answered ${status} (some_error)`);
  });

  it.each<[retryAfter: string | undefined, ms: number | undefined, seconds: number]>([
    [undefined, 250, 1],
    ["0", 0, 1],
    ["1", 1_000, 1],
    ["1.2", 2_000, 2],
    ["2", 2_000, 2],
    ["3", undefined, 3],
    ["30", undefined, 30],
    ["86400", undefined, 30],
    ["soon", 250, 1],
    ["-5", 250, 1],
    ["99999999999", 250, 1],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0, 1],
    ["Fri, 01 Jan 2999 00:00:00 GMT", undefined, 30],
  ])("of 429 with retry-after %s waits %s ms, and tells the client %i s", (retryAfter, retryAfterMs, seconds) => {
    for (const status of [429, 503, 529]) {
      expect(toFailedAttempt({ status, retryAfter, body })).toMatchObject({
        retryAfterMs,
        error: { retryAfterSeconds: seconds },
      });
    }
  });

  it("of a spent quota is not worth another attempt, by nobody", () => {
    const failed = toFailedAttempt({ status: 429, retryAfter: "1", body: { error: { code: "insufficient_quota" } } });
    expect(failed).toMatchObject({ retryAfterMs: undefined, error: { code: "rate_limit_exceeded", retry: false } });
  });

  it.each<[what: string, error: object, status: number, code: ErrorCode, param: string | null]>([
    [
      "OpenAI's long prompt",
      { code: "context_length_exceeded", param: "messages" },
      400,
      "context_length_exceeded",
      "messages",
    ],
    [
      "llama.cpp's long prompt",
      { code: 400, type: "exceed_context_size_error" },
      400,
      "context_length_exceeded",
      "messages",
    ],
    ...[
      "prompt is too long: 210000 tokens > 200000 maximum",
      "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
      "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens.",
    ].map((message): [string, object, number, ErrorCode, string] => [
      `only the words '${message.slice(0, 20)}'`,
      { type: "invalid_request_error", message },
      400,
      "context_length_exceeded",
      "messages",
    ]),
    [
      "a long text",
      { code: "string_above_max_length", param: "messages[1].content" },
      400,
      "context_length_exceeded",
      "messages",
    ],
    [
      "a long text of some other field",
      { code: "string_above_max_length", param: "stop" },
      400,
      "unsupported_value",
      "stop",
    ],
    ["a field of the client", { param: "temperature" }, 400, "unsupported_value", "temperature"],
    ["a part of a field", { param: "tools[0].function.parameters" }, 400, "unsupported_value", "tools"],
    ["the older name of the cap", { param: "max_tokens" }, 400, "unsupported_value", "max_completion_tokens"],
    ["the gateway's own field", { param: "model" }, 400, "upstream_rejected", null],
    ["a field that is nobody's", { param: secret }, 400, "upstream_rejected", null],
    ["a client's field with another status", { param: "temperature" }, 422, "upstream_rejected", null],
  ])("tells the client of %s", (_, error, status, code, param) => {
    expect(toFailedAttempt({ status, body: { error } }).error).toMatchObject({ code, param });
  });
});

describe("toInBandFailure", () => {
  it.each<[code: unknown, want: ErrorCode]>([
    [null, "upstream_error"],
    ["rate_limit_exceeded", "rate_limit_exceeded"],
    ["insufficient_quota", "rate_limit_exceeded"],
    [429, "rate_limit_exceeded"],
    ["529", "upstream_unavailable"],
    [401, "upstream_rejected"],
    [200, "upstream_error"],
    [1_000, "upstream_error"],
    ["constructor", "upstream_error"],
  ])("takes the code %s for %s", (code, want) => {
    expect(toInBandFailure({ error: { code, message: secret } }).error.code).toBe(want);
  });
});

describe("what breaks", () => {
  const coded = (code: string): Error => Object.assign(new Error(secret), { code });

  it.each<[cause: unknown, says: string, ms: number | undefined]>([
    [coded("ECONNREFUSED"), "cannot be reached", 250],
    [coded("EAI_AGAIN"), "cannot be reached", 250],
    [coded("ENOTFOUND"), "cannot be reached", undefined],
    [coded("UND_ERR_CONNECT_TIMEOUT"), "cannot be reached", undefined],
    [coded("DEPTH_ZERO_SELF_SIGNED_CERT"), "cannot be reached", undefined],
    [coded("ERR_TLS_CERT_ALTNAME_INVALID"), "cannot be reached", undefined],
    [coded("UNABLE_TO_VERIFY_LEAF_SIGNATURE"), "cannot be reached", undefined],
    [coded("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"), "cannot be reached", undefined],
    [coded("ECONNRESET"), "broke off before it answered", 250],
    [coded("UND_ERR_SOCKET"), "broke off before it answered", 250],
    [coded("UND_ERR_RES_EXCEEDED_MAX_SIZE"), "too large", undefined],
    [coded("UND_ERR_HEADERS_OVERFLOW"), "broke off before it answered", undefined],
    [new Error(secret), "broke off before it answered", undefined],
    ["a text", "broke off before it answered", undefined],
  ])("before the answer: %s", (cause, says, retryAfterMs) => {
    const failed = toBrokenAttempt(cause);
    expect(failed).toMatchObject({ retryAfterMs, error: { code: "upstream_error", cause } });
    expect(failed.error.message).toContain(says);
    expect(failed.error.message).not.toContain("secret");
  });

  it.each<[cause: unknown, message: string]>([
    [coded("UND_ERR_RES_EXCEEDED_MAX_SIZE"), "The model's answer is too large."],
    [coded("ECONNRESET"), "The model's answer broke off."],
    [new TypeError(secret), "The model's answer broke off."],
  ])("in the answer: %s", (cause, message) => {
    expect(toBrokenAnswer(cause)).toMatchObject({ code: "upstream_error", message, cause });
  });

  it("is told as it is when it is known", () => {
    const known = new GatewayError("upstream_timeout", "Known.");
    expect(toBrokenAnswer(known)).toBe(known);
  });
});
