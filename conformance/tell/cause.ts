import { isObject } from "../expect.ts";
import type { Report } from "../shapes.ts";

type Result = Report["results"][number];
type Exchange = Result["exchanges"][number];

/**
 * What a case that is not met has on the wire. A rule judges by this; the words of the finding only say whether the case
 * minds what the rule is about, and not something else in the same answer.
 */
export interface Evidence {
  readonly group: string;
  readonly expected: string;
  readonly found: string;
  /** What was expected, and what was found. */
  readonly words: string;
  /** The call that decided. */
  readonly call: Exchange;
  /** What was asked, where it was JSON. */
  readonly asked: Readonly<Record<string, unknown>>;
  /** What came, as text and, where it was JSON, as an object. */
  readonly text: string;
  readonly answer: Readonly<Record<string, unknown>> | undefined;
}

/** One thing in a server that several cases find, each in its own words. A maintainer mends it once. */
export interface Cause {
  readonly id: string;
  /** The only cases that it can explain: ids, or groups as in `USE-*`; all of them where it is not said. */
  readonly cases?: readonly string[];
  /** The cause in one sentence; undefined where the exchange shows something else. Different sentences are different causes. */
  readonly shows: (evidence: Evidence) => string | undefined;
}

/** A typed literal. What a module of `cases/` exports is found, as its cases are. */
export function defineCauses(causes: readonly Cause[]): readonly Cause[] {
  return causes;
}

export function isCauseList(value: unknown): value is readonly Cause[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => isObject(one) && "shows" in one);
}

/** Undefined where nothing was sent that could show anything. */
export function toEvidence(result: Result): Evidence | undefined {
  const call = toDecidingCall(result);
  if (call === undefined) return undefined;
  const text = toBody(call);
  const { expected = "", actual = "", reason = "" } = result;
  return {
    group: result.group,
    expected,
    found: actual,
    words: `${expected} ${actual} ${reason}`,
    call,
    asked: toJson(call.requestBody) ?? {},
    text,
    answer: toJson(text),
  };
}

/**
 * The call that the finding is about: the last one whose answer it quotes, or else its status, or else the last of all. Cases
 * that look at many answers at once do not end with the one that is wrong.
 */
export function toDecidingCall({ exchanges, actual = "" }: Result): Exchange | undefined {
  const [status] = /\b[1-5]\d\d\b/.exec(actual) ?? [];
  const plain = actual.replaceAll("\\", "");
  const isQuoted = ({ reads }: Exchange): boolean => {
    const text = reads.map((read) => read.text).join("");
    return text.length >= quoteMin && plain.includes(text.slice(0, quoteMin * 3).replaceAll("\\", ""));
  };
  return (
    exchanges.findLast(isQuoted) ?? exchanges.findLast((call) => String(call.status) === status) ?? exchanges.at(-1)
  );
}

/** What came, without the head that stands before it where bytes were sent that no HTTP client says. */
function toBody({ method, reads }: Exchange): string {
  const text = reads.map((read) => read.text).join("");
  if (method !== "TCP" || !text.startsWith("HTTP/1.")) return text;
  const [head = "", ...bodies] = text.split("\r\n\r\n");
  const body = bodies.join("\r\n\r\n");
  return /^transfer-encoding: *chunked/im.test(head)
    ? body.replaceAll(/(?:^|\r\n)[\da-f]+(?:;[^\r\n]*)?\r\n/gi, "")
    : body;
}

/** Less could stand anywhere. */
const quoteMin = 12;

export function canExplain({ cases }: Cause, { id, group }: Result): boolean {
  return cases?.some((one) => one === id || one === `${group}-*`) ?? true;
}

/** What of an answer is worth a title: short, and without the ids, numbers and places that differ from call to call. */
export function toExcerpt(text: string): string {
  const line = text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\w-]*\d[\w-]*/g, "…")
    .trim();
  return line.length > excerptMax ? `${line.slice(0, excerptMax)}…` : line;
}

const excerptMax = 100;

function toJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
