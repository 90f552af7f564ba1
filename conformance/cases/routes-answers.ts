import type { CaseContext } from "../context.ts";
import { expectArray, expectObject, expectThat, isObject } from "../expect.ts";
import type { WireAnswer } from "../lens/wire.ts";

/** A question whose answer costs next to nothing. */
export function ask({ say, has }: CaseContext, fields?: object): ReturnType<CaseContext["say"]> {
  return say(has("fixture") ? "@@echo ok" : "Reply with the single word: ok", fields);
}

/** A path that no server has. */
export const unknownPath = "/clawgate-no-such-path";

/** The `error` of a refusal, once its status and its JSON are right. */
export function expectRefusal(answer: WireAnswer, statuses: readonly number[], what: string): Record<string, unknown> {
  expectStatus(answer, statuses, what);
  return expectEnvelope(answer, what);
}

export function expectStatus(answer: WireAnswer, statuses: readonly number[], what: string): void {
  expectThat(statuses.includes(answer.status), `${what} to be answered ${statuses.join(" or ")}`, brief(answer));
}

/** `{"error": {"message": …}}`, without which the SDK has nothing to tell but the status. */
export function expectEnvelope(answer: WireAnswer, what: string): Record<string, unknown> {
  const error = isObject(answer.json) ? answer.json["error"] : undefined;
  expectThat(
    isObject(error) && typeof error["message"] === "string" && error["message"] !== "",
    `${what} to be answered with {"error":{"message":"…"}}`,
    brief(answer),
  );
  return error;
}

/** The completion of an answer, looked at no further than its `choices`. */
export function expectAnswer(answer: WireAnswer, what: string): Record<string, unknown> {
  expectStatus(answer, [200], what);
  expectObject(answer.json, `the answer to ${what}`);
  expectArray(answer.json["choices"], `choices in the answer to ${what}`);
  return answer.json;
}

/** What the first choice says. */
export function toContent(completion: unknown): unknown {
  const choices = isObject(completion) ? completion["choices"] : undefined;
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const message = isObject(first) ? first["message"] : undefined;
  return isObject(message) ? message["content"] : undefined;
}

export function brief({ status, headers, text }: WireAnswer): object {
  return { status, type: headers["content-type"] ?? null, body: text.slice(0, 160) };
}
