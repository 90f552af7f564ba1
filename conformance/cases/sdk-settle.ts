import { Failure, show, Skip } from "../expect.ts";

/** Within the time of a case, and beyond the timeout of the SDK lens. */
const limitMsDefault = 9000;

/**
 * Waits for something that an SDK makes of an answer. What it throws is a failure of the subject, with its words; so is
 * that it never settles, which the helpers of the versions 4 and 5 do on some malformed streams.
 */
export async function settle<T>(promise: PromiseLike<T>, what: string, limitMs = limitMsDefault): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Failure(what, `nothing within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } catch (error) {
    throw toFailure(error, what);
  } finally {
    clearTimeout(timer);
  }
}

/** A subject that is gone stays an error of the transport, which the engine counts; all else is the answer's fault. */
function toFailure(error: unknown, what: string): Error {
  // A case may fail inside of what it gave the SDK, a `fetch` for example, which the SDK wraps.
  const own = toCauses(error).find((cause) => cause instanceof Failure || cause instanceof Skip);
  if (own !== undefined) return own;
  const refused = toCauses(error).find((cause) => (cause as NodeJS.ErrnoException).code === "ECONNREFUSED");
  if (refused !== undefined) return new Error(`ECONNREFUSED: ${refused.message}`, { cause: error });
  return new Failure(what, `the SDK threw ${show(error)}`);
}

function toCauses(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let at = error; at instanceof Error && causes.length < 8; at = at.cause) causes.push(at);
  return causes;
}
