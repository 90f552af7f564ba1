import type { GatewayError } from "../../base/errors.ts";
import type { ModelRequest } from "../model.ts";
import type { RunCounters } from "./runs.ts";
import type { Work } from "./work.ts";

/** One `@@name argument` line, and what a directive may look at. */
export interface DirectiveLine {
  /** What follows the name on the line, without the one space before it. */
  readonly argument: string;
  /** Everything after the line, verbatim. */
  readonly rest: string;
  readonly request: ModelRequest;
  readonly runs: RunCounters;
  /** Of all lines together. */
  readonly work: Work;
  /** Makes the error to throw when the argument is wrong; it names the directive, its usage and all the others. */
  error(why: string): GatewayError;
}

const delayMsMax = 600_000;

/** The argument as text: as it stands, or decoded when it begins with a double quote, as a JSON string literal. */
export function toText(line: DirectiveLine, text: string = line.argument): string {
  if (!text.startsWith('"')) return text;
  const value = parseJson(text.trimEnd());
  if (typeof value !== "string") throw line.error("the text begins with a double quote but is not a JSON string");
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not JSON, which no JSON text can say.
  }
}

/** A whole number from 0 to `max`. */
export function toCount(line: DirectiveLine, text: string, max: number): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Infinity;
  if (count > max) throw line.error(`${JSON.stringify(text)} is not a whole number from 0 to ${max}`);
  return count;
}

/** `250ms`, `2s`, `1.5s` or a bare number of milliseconds, at most 10 minutes; in milliseconds. */
export function toMs(line: DirectiveLine, text: string): number {
  const [, digits = "", unit = "ms"] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s)?$/.exec(text) ?? [];
  const ms = Number(digits || Infinity) * (unit === "s" ? 1000 : 1);
  if (ms > delayMsMax) throw line.error(`${JSON.stringify(text)} is not a time such as 250ms or 2s, at most 600s`);
  return ms;
}

/** The first word, and what follows the white space after it. */
export function splitWord(text: string): readonly [word: string, rest: string] {
  const start = text.trimStart();
  const end = start.search(/\s/);
  return end === -1 ? [start, ""] : [start.slice(0, end), start.slice(end).trimStart()];
}

/** `key=value key="a JSON string"`; only the known keys, each at most once. */
export function toOptions<K extends string>(
  line: DirectiveLine,
  text: string,
  known: readonly K[],
): Readonly<Partial<Record<K, string>>> {
  const options: Partial<Record<K, string>> = {};
  for (const [given] of text.matchAll(/(?<!\S)[^\s=]+="(?:[^"\\]|\\.)*"|\S+/g)) {
    const at = given.indexOf("=");
    const key = known.find((one) => one === given.slice(0, Math.max(at, 0)));
    if (key === undefined) throw line.error(`${JSON.stringify(given)} is none of ${known.join("=, ")}=`);
    if (options[key] !== undefined) throw line.error(`${key}= is given twice`);
    options[key] = toText(line, given.slice(at + 1));
  }
  return options;
}
