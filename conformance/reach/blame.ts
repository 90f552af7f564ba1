/** The server gave no answer that can be judged: none at all, none in time, or one without end. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/** What the machine that the suite runs on has run out of, or forbids; no server can cause it. */
const ownCodes = new Set(
  ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ENOSPC", "EROFS", "EDQUOT", "EADDRNOTAVAIL", "EADDRINUSE"].concat([
    "EACCES",
    "EPERM",
    "EAI_AGAIN",
    "EINVAL",
    "EBADF",
    "ENOTSOCK",
  ]),
);
/** How the other end of a connection fails. `HPE_` is Node's parser of HTTP, `UND_ERR` that of its `fetch`. */
const serverCode =
  /^(?:ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EPROTO|HPE_\w+|UND_ERR\w*|Z_\w+|ERR_TLS\w*|ERR_SSL\w*|ERR_STREAM_PREMATURE_CLOSE|(?:\w+_)?CERT_?\w*)$/;
/** The first frame of a stack: an SDK that stumbles does so over what the server said. */
const sdkFrame = /[\\/]node_modules[\\/]openai(?:-\d)?[\\/]/;
/** What an SDK, or Node's `fetch` inside it, throws about an answer. */
const sdkError =
  /^(?:OpenAIError|API\w*Error|\w+Error from SDK|LengthFinishReasonError|ContentFilterFinishReasonError)$/;

/**
 * Whose fault it is that a case ended with something else than a `Failure`: the server's if it did not answer, or so that
 * an SDK stumbles; the suite's for everything that a server cannot bring about. What is not known is the suite's.
 */
export function toBlame(error: unknown): "server" | "suite" {
  const chain = toChain(error);
  if (chain.some(({ code }) => code !== undefined && ownCodes.has(code))) return "suite";
  return chain.some(isServers) ? "server" : "suite";
}

/** Nobody listens there (any more). */
export function isRefusal(error: unknown): boolean {
  return toChain(error).some(({ code }) => code === "ECONNREFUSED");
}

type Link = Error & { readonly code?: string };

/** The error, what caused it, and what it gathers. */
function toChain(error: unknown, depth = 0): Link[] {
  if (!(error instanceof Error) || depth > 8) return [];
  const gathered: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return [error, ...[error.cause, ...gathered].flatMap((inner) => toChain(inner, depth + 1))];
}

function isServers(error: Link): boolean {
  if (error instanceof NoAnswer) return true;
  if (typeof error.code === "string" && serverCode.test(error.code)) return true;
  const [, frame = ""] = (error.stack ?? "").split(/\n(?=\s+at )/);
  return sdkError.test(error.constructor.name) || sdkFrame.test(frame);
}
