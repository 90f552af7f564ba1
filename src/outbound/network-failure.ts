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
