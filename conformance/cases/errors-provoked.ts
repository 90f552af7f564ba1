import type { CaseContext } from "../context.ts";
import { Failure, isObject, Skip } from "../expect.ts";
import type { WireAnswer, WireRequest } from "../lens/wire.ts";
import { toBlame } from "../reach/blame.ts";

export type ErrorKind =
  /** One field of the body is wrong. */
  | "field"
  /** The body as a whole, its path, method or media type is wrong. */
  | "request"
  /** The credential is. */
  | "auth"
  /** What is behind the server fails. */
  | "backend";

interface Provocation {
  readonly what: string;
  readonly kind: ErrorKind;
  /** The field at fault. */
  readonly field?: string;
  readonly request: WireRequest;
}

export interface Provoked extends Provocation {
  readonly answer: WireAnswer;
}

/**
 * Whatever errors the suite can cause on this subject, each asked for once; answers that are none are left out, and so is
 * silence, which other cases find.
 */
export function provokeErrors(context: CaseContext): Promise<readonly Provoked[]> {
  return context.once("errors", async () => {
    const asked = toProvocations(context).map(async (one): Promise<Provoked> => ({
      ...one,
      answer: await context.send(one.request),
    }));
    const ended = await Promise.allSettled(asked);
    const answered = ended.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const silent = ended.flatMap((one): unknown[] => (one.status === "rejected" ? [one.reason] : []));
    const own = silent.find((reason) => toBlame(reason) === "suite");
    if (own !== undefined) throw own;
    if (answered.length === 0) throw silent[0];
    const errors = answered.filter(({ answer }) => answer.status >= 400);
    if (errors.length === 0) throw new Skip("the subject answers everything without an error");
    return errors;
  });
}

function toProvocations(context: CaseContext): Provocation[] {
  const { say, has } = context;
  const hello = say("hi");
  const post = (body: object | string, headers: Record<string, string> = {}): WireRequest => ({
    path: "/chat/completions",
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
  const field = (name: string, what: string, fields: object): Provocation => ({
    what,
    kind: "field",
    field: name,
    request: post({ ...hello, ...fields }),
  });
  return [
    { what: "no messages", kind: "field", field: "messages", request: post({ model: hello.model }) },
    field("messages", "an empty list of messages", { messages: [] }),
    field("messages", "messages as a number", { messages: 7 }),
    field("temperature", "temperature as text", { temperature: "hot" }),
    field("temperature", "temperature 3", { temperature: 3 }),
    field("stream", "stream as text", { stream: "yes" }),
    field("tools", "tools as a number", { tools: 7 }),
    { what: "an unknown model", kind: "request", request: post({ ...hello, model: "no-such-model-xyz" }) },
    { what: "a body that is not JSON", kind: "request", request: post('{"model":') },
    { what: "a body of text/plain", kind: "request", request: post(JSON.stringify(hello), plainText) },
    { what: "an unknown path", kind: "request", request: { ...post(hello), path: "/no-such-path-xyz" } },
    { what: "DELETE on the endpoint", kind: "request", request: { path: "/chat/completions", method: "DELETE" } },
    ...(has("auth")
      ? [{ what: "a wrong key", kind: "auth" as const, request: post(hello, { authorization: "Bearer sk-wrong" }) }]
      : []),
    ...(has("fixture") ? backendFailures.map(({ what, text }) => toFailing(what, post(say(text)))) : []),
    ...(has("agents")
      ? [
          {
            what: "an unknown agent",
            kind: "request" as const,
            request: post(hello, { "x-openclaw-agent-id": "no-such-agent" }),
          },
          {
            what: "a reserved session key",
            kind: "request" as const,
            request: post(hello, { "x-openclaw-session-key": "cron:x" }),
          },
        ]
      : []),
  ];
}

const plainText = { "content-type": "text/plain" };

const backendFailures = [
  { what: "a failing backend", text: "@@fail" },
  { what: "a rate limit", text: "@@fail code=rate_limit_exceeded retry-after=3" },
  { what: "an overloaded backend", text: "@@fail code=upstream_unavailable" },
  { what: "a backend out of time", text: "@@fail code=upstream_timeout" },
  { what: "a prompt that is too long", text: "@@fail code=context_length_exceeded" },
  { what: "a failure after three words", text: "@@fail after=3" },
  { what: "a defect", text: "@@crash" },
];

function toFailing(what: string, request: WireRequest): Provocation {
  return { what, kind: "backend", request };
}

/** The `error` of an answer; fails if there is none. */
export function toError({ what, answer }: Provoked): Record<string, unknown> {
  const { error } = isObject(answer.json) ? answer.json : {};
  if (!isObject(error))
    throw new Failure(`{"error":{…}} for ${what}`, `${answer.status} ${answer.text.slice(0, 200) || "(empty)"}`);
  return error;
}
