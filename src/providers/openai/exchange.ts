import type { Agent, Dispatcher } from "undici";
import { GatewayError } from "../../errors.ts";
import type { Deadline } from "../upstream/deadline.ts";
import { FailedAttempt, toBrokenAttempt, toFailedAttempt } from "../upstream/failure.ts";

/** Of an error's body only codes are read, and they stand at its beginning. */
const errorBytesMax = 64 * 1024;

export interface Endpoint {
  /** Of `POST …/chat/completions`. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: Agent;
}

export type UpstreamAnswer = Dispatcher.ResponseData;

/**
 * Posts one call and resolves when the server has accepted it. Throws `FailedAttempt` when it has not, and the
 * deadline's reason.
 */
export async function post(
  { url, headers, connections }: Endpoint,
  body: string,
  deadline: Deadline,
): Promise<UpstreamAnswer> {
  const { signal } = deadline;
  let answer: UpstreamAnswer;
  try {
    answer = await connections.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: "POST",
      headers,
      body,
      signal,
    });
  } catch (cause) {
    signal.throwIfAborted();
    throw toBrokenAttempt(cause);
  }
  // Whoever reads the body sees its failure; once nobody reads, an error event without a listener would end the process.
  answer.body.on("error", () => {});
  const encoding = answer.headers["content-encoding"] ?? "identity";
  if (answer.statusCode === 200 && encoding === "identity") return answer;
  const failure = answer.statusCode === 200 ? toEncodingFailure() : await toFailure(answer, encoding === "identity");
  answer.body.destroy();
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
  let text = "";
  try {
    for await (const bytes of body.setEncoding("utf8")) {
      text += String(bytes);
      if (text.length > errorBytesMax) return undefined;
    }
    return JSON.parse(text);
  } catch {
    // The status says enough: an error without a readable body is an error all the same.
    return undefined;
  }
}
