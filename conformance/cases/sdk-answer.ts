import { expectArray, expectObject, expectThat, Failure, isObject } from "../expect.ts";
import type { StreamReading } from "../lens/stream.ts";
import type { WireAnswer } from "../lens/wire.ts";

export function expectStatus(answer: WireAnswer, status: number, what = "the answer"): void {
  if (answer.status !== status)
    throw new Failure(`${what} to have status ${status}`, `${answer.status} ${answer.text.slice(0, 200)}`);
}

/** The first choice of a 200 answer. */
export function toChoice(answer: WireAnswer, what = "the answer"): Record<string, unknown> {
  expectStatus(answer, 200, what);
  expectObject(answer.json, `the body of ${what}`);
  const { choices } = answer.json;
  expectArray(choices, `choices of ${what}`);
  const [choice] = choices;
  expectObject(choice, `choices[0] of ${what}`);
  return choice;
}

export function toMessage(answer: WireAnswer, what = "the answer"): Record<string, unknown> {
  const { message } = toChoice(answer, what);
  expectObject(message, `the message of ${what}`);
  return message;
}

export function toContent(answer: WireAnswer, what = "the answer"): string {
  const { content } = toMessage(answer, what);
  expectThat(typeof content === "string", `the content of ${what} to be a string`, content);
  return content;
}

/** The tool calls of a 200 answer that are objects; empty if there are none. */
export function toCalls(answer: WireAnswer, what = "the answer"): Record<string, unknown>[] {
  const { tool_calls: calls } = toMessage(answer, what);
  return Array.isArray(calls) ? calls.filter(isObject) : [];
}

export function toFunction(call: Record<string, unknown>): Record<string, unknown> {
  return isObject(call["function"]) ? call["function"] : {};
}

/** A stream that has begun with status 200 and has not failed. */
export function expectStream(reading: StreamReading, what = "the stream"): void {
  expectStatus(reading.answer, 200, what);
  expectThat(reading.error === undefined, `${what} without an error`, reading.error);
  expectThat(reading.chunks.length > 0, `${what} with at least one chunk`, reading.answer.text.slice(0, 200));
}
