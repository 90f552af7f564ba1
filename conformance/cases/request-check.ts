// What the cases about requests share: how to ask with little, and what "accepted" and "refused" mean.
import type { Case } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectText, expectThat, Failure, isObject, show } from "../expect.ts";
import type { WireAnswer, WireRequest } from "../lens/wire.ts";

/** The shortest question there is an answer to. */
export function toTinyPrompt({ has }: CaseContext): string {
  return has("fixture") ? "@@echo ok" : "Reply with the word: ok";
}

/** A chat call with a tiny question, `fields` added to its body. No answer at all is a failure, not an error. */
export function ask(context: CaseContext, fields: object, request?: WireRequest): Promise<WireAnswer> {
  const messages = [{ role: "user", content: toTinyPrompt(context) }];
  return answered(context.chat({ messages, ...fields }, request), show(fields));
}

/** The bytes of a body as they are. */
export function post(context: CaseContext, body: string | Uint8Array, request?: WireRequest): Promise<WireAnswer> {
  const what = typeof body === "string" ? `the body ${show(body)}` : `a body of ${body.length} bytes`;
  return answered(context.send({ limitMs: 8000, ...request, path: "/chat/completions", method: "POST", body }), what);
}

/** A server that hangs or drops the connection has not met a requirement; one that is not there is another matter. */
export async function answered(answer: Promise<WireAnswer>, what: string): Promise<WireAnswer> {
  try {
    return await answer;
  } catch (error) {
    const { message } = error as Error;
    if (!/no answer within|socket hang up|ECONNRESET|EPIPE|Parse Error/.test(message)) throw error;
    throw new Failure(`an answer to ${what}`, `none: ${message}`);
  }
}

export function describe({ status, text }: WireAnswer): string {
  return `${status} ${text.slice(0, 300)}`.trimEnd();
}

/** 200 and a message of the assistant. */
export function expectAccepted(answer: WireAnswer, what: string): void {
  const accepted = answer.status === 200 && toMessage(answer) !== undefined;
  if (!accepted) throw new Failure(`200 and a completion for ${what}`, describe(answer));
}

/** 400 with the error envelope; `param` names `field` or a place within it, if one is given. */
export function expectRefused(answer: WireAnswer, what: string, field?: string): void {
  const error = toError(answer);
  if (answer.status !== 400 || error === undefined) {
    throw new Failure(`400 with {"error":{"message":…}} for ${what}`, describe(answer));
  }
  expectText(error["message"], `error.message for ${what}`);
  if (field === undefined || isWithin(error["param"], field)) return;
  throw new Failure(`error.param to be "${field}" or a place in it for ${what}`, show(error));
}

/** `messages[0].role` lies within `messages`; `messages.0.role` is the same place. */
export function isWithin(param: unknown, field: string): boolean {
  if (typeof param !== "string") return false;
  const place = param.replaceAll(/\.(\d+)(?=\.|$)/g, "[$1]");
  return place === field || place.startsWith(`${field}.`) || place.startsWith(`${field}[`);
}

/** A refusal that says that this model or server does not offer the field, whatever its value. */
export function isNotOffered(answer: WireAnswer, field: string): boolean {
  const error = toError(answer);
  return (
    answer.status === 400 && isWithin(error?.["param"], field) && String(error?.["code"]).startsWith("unsupported_")
  );
}

export function toError({ json }: WireAnswer): Record<string, unknown> | undefined {
  return isObject(json) && isObject(json["error"]) ? json["error"] : undefined;
}

export function toChoice({ json }: WireAnswer): Record<string, unknown> | undefined {
  const choices = isObject(json) ? json["choices"] : undefined;
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return isObject(first) ? first : undefined;
}

export function toMessage(answer: WireAnswer): Record<string, unknown> | undefined {
  const message = toChoice(answer)?.["message"];
  return isObject(message) ? message : undefined;
}

export function toContent(answer: WireAnswer): unknown {
  return toMessage(answer)?.["content"];
}

/** What a directive of the fixture that answers in JSON has said. */
export function toContentJson(answer: WireAnswer): unknown {
  try {
    return JSON.parse(String(toContent(answer)));
  } catch {
    return undefined;
  }
}

export function toUsage({ json }: WireAnswer, name: string): number | undefined {
  const usage = isObject(json) ? json["usage"] : undefined;
  const value = isObject(usage) ? usage[name] : undefined;
  return typeof value === "number" ? value : undefined;
}

/** A case whose bodies, each with these fields, are all refused. */
export function refuses(bodies: readonly object[], field?: string): Case["run"] {
  return async (context) => {
    for (const fields of bodies) {
      expectRefused(await ask(context, fields, { limitMs: 5000 }), show(fields), field);
    }
  };
}

/** A case whose bodies, each with these fields, are all answered. */
export function accepts(bodies: readonly object[]): Case["run"] {
  return async (context) => {
    for (const fields of bodies) expectAccepted(await ask(context, fields), show(fields));
  };
}

/** Neither a failure of the server nor an answer that says nothing: 200 or a refusal that names the field. */
export function expectDecided(answer: WireAnswer, what: string, field: string): "accepted" | "refused" {
  expectThat(
    answer.status === 200 || answer.status === 400,
    `200, or 400 that names "${field}", for ${what}`,
    describe(answer),
  );
  if (answer.status === 200) {
    expectAccepted(answer, what);
    return "accepted";
  }
  expectRefused(answer, what, field);
  return "refused";
}
