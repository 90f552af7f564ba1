import type { Agent } from "undici";
import { GatewayError } from "../base/errors.ts";
import type { Deadline } from "./deadline.ts";
import { FailedAttempt, toBrokenAttempt, toFailedAttempt } from "./failure.ts";
import { send, type UpstreamAnswer } from "./send.ts";

/** Of an error's body only codes are read, and they stand at its beginning. */
const errorBytesMax = 64 * 1024;
/** The status is known by then; a client shall not wait for the codes. */
const errorMs = 1_000;

export interface Endpoint {
  /** Of the call. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: Agent;
}

/**
 * Posts one call and resolves when the server has accepted it. Throws `FailedAttempt` when it has not, and the
 * deadline's reason.
 */
export async function post(
  { url, headers, connections }: Endpoint,
  body: string,
  { signal }: Deadline,
): Promise<UpstreamAnswer> {
  let answer: UpstreamAnswer;
  try {
    answer = await send(connections, { url, headers, body }, signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw toBrokenAttempt(cause);
  }
  const encoding = String(answer.headers["content-encoding"] ?? "identity").toLowerCase();
  if (answer.statusCode === 200 && encoding === "identity") return answer;
  const failure = answer.statusCode === 200 ? toEncodingFailure() : await toFailure(answer, encoding === "identity");
  answer.body.close();
  signal.throwIfAborted();
  throw failure;
}

/** What is compressed could be a bomb, and was not asked for. */
function toEncodingFailure(): FailedAttempt {
  return new FailedAttempt(new GatewayError("upstream_error", "The model provider sent a compressed answer."));
}

async function toFailure({ statusCode, headers, body }: UpstreamAnswer, readable: boolean): Promise<FailedAttempt> {
  const retryAfter = headers["retry-after"];
  return toFailedAttempt({
    // A redirect is never followed: it would carry the key to another place.
    status: statusCode < 400 ? 400 : statusCode,
    retryAfter: typeof retryAfter === "string" ? retryAfter : undefined,
    body: readable ? await readJson(body) : undefined,
  });
}

async function readJson(body: UpstreamAnswer["body"]): Promise<unknown> {
  const late = setTimeout(() => body.close(), errorMs);
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const bytes of body) {
      parts.push(bytes);
      length += bytes.length;
      if (length > errorBytesMax) return undefined;
    }
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    // The status says enough: an error without a readable body is an error all the same.
    return undefined;
  } finally {
    clearTimeout(late);
  }
}
