import type { CaseContext } from "../context.ts";
import { Skip } from "../expect.ts";
import type { WireAnswer, WireRequest } from "../lens/wire.ts";
import type { OwnSubject, Wishes } from "../reach/subject.ts";

/** Starts one more server like the subject that does as wished, and stops it whatever happens. */
export async function withOwn<T>(
  { subject }: CaseContext,
  wishes: Wishes,
  run: (own: OwnSubject) => Promise<T>,
): Promise<T> {
  if (subject.start === undefined) throw new Skip("needs own: the suite has not started this subject");
  const own = await subject.start(wishes);
  try {
    return await run(own);
  } finally {
    await own.stop();
  }
}

/** One raw request to a server of the case's own; `undefined` as the header `authorization` leaves the key out. */
export function sendOwn({ send }: CaseContext, own: OwnSubject, request: WireRequest): Promise<WireAnswer> {
  const path = request.path ?? "/chat/completions";
  return send({
    ...request,
    path: path.startsWith("http") ? path : `${own.baseUrl}${path}`,
    headers: { authorization: `Bearer ${own.apiKey}`, ...request.headers },
  });
}
