import type { CaseContext } from "../context.ts";
import { Skip } from "../expect.ts";
import type { WireAnswer, WireRequest } from "../lens/wire.ts";
import type { OwnSubject } from "../subject.ts";

const chatCompletions = { enabled: true };

/** The `gateway` part of a configuration in which the endpoint is on. */
export function toGateway(fields: object = {}, http: object = {}): object {
  return { port: 0, http: { endpoints: { chatCompletions }, ...http }, ...fields };
}

/** Starts a gateway with this configuration, and stops it whatever happens. */
export async function withOwn<T>(
  { subject }: CaseContext,
  config: object,
  run: (own: OwnSubject) => Promise<T>,
): Promise<T> {
  if (subject.start === undefined) throw new Skip("needs own: the suite has not started this subject");
  const own = await subject.start(config);
  try {
    return await run(own);
  } finally {
    await own.stop();
  }
}

/** One raw request to a gateway of the case's own; `undefined` as the header `authorization` leaves the key out. */
export function sendOwn({ send }: CaseContext, own: OwnSubject, request: WireRequest): Promise<WireAnswer> {
  const path = request.path ?? "/chat/completions";
  return send({
    ...request,
    path: path.startsWith("http") ? path : `${own.baseUrl}${path}`,
    headers: { authorization: `Bearer ${own.apiKey}`, ...request.headers },
  });
}
