// What the words behind a flag mean. Each throws what the command line tells of a mistake.
import { validateHeaderName, validateHeaderValue } from "node:http";
import { InvalidArgumentError } from "commander";
import { capabilities, type Capability } from "../reach/capability.ts";
import { isCapability } from "../expectation/expectations.ts";
import { sdkPackages } from "../lens/sdk.ts";

/** Headers that say what a request is; every case depends on them. */
const framing = new Set(["host", "connection", "content-length", "content-type", "transfer-encoding", "expect"]);

export function parseList(text: string, previous: readonly string[]): string[] {
  const found = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (found.length === 0) throw new InvalidArgumentError("It names nothing.");
  return [...previous, ...found];
}

export function parseCapabilities(text: string, previous: readonly Capability[]): Capability[] {
  const names = parseList(text, []);
  const known = names.filter(isCapability);
  if (known.length < names.length) throw new InvalidArgumentError(`There are ${Object.keys(capabilities).join(", ")}.`);
  return [...previous, ...known];
}

export function collect(text: string, previous: readonly string[]): string[] {
  return [...previous, text];
}

/** What a run finds shall not be lost at its end. */
export function parseFile(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("It must name a file.");
}

export function parseMajors(text: string): number[] {
  const majors = text.split(",").map(Number);
  const unknown = majors.find((major) => sdkPackages[major] === undefined);
  if (unknown === undefined) return majors;
  throw new InvalidArgumentError(`There are ${Object.keys(sdkPackages).toReversed().join(", ")}.`);
}

export function parseCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number.");
}

export function parseHeader(text: string, previous: Readonly<Record<string, string>>): Record<string, string> {
  const [name, value] = split(text, /[:=]/);
  try {
    validateHeaderValue(name, value);
  } catch {
    throw new InvalidArgumentError("It must be a header such as `name: value`.");
  }
  return { ...previous, [toHeaderName(name)]: value };
}

export function parseHeaderSource(text: string, previous: Readonly<Record<string, string>>): Record<string, string> {
  const [name, source] = split(text, /=/);
  if (source === "") throw new InvalidArgumentError("It must be a header and where its value stands: `name=…`.");
  return { ...previous, [toHeaderName(name)]: source };
}

function split(text: string, sign: RegExp): [before: string, after: string] {
  const at = Math.max(text.search(sign), 0);
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

function toHeaderName(text: string): string {
  const name = text.toLowerCase();
  try {
    validateHeaderName(name);
  } catch {
    throw new InvalidArgumentError("It must be a header such as `name: value`.");
  }
  if (framing.has(name)) throw new InvalidArgumentError(`The suite has to say ${name} itself.`);
  return name;
}

/** What grows with it shall still fit into a timer: one that is longer than Node has ends at once. */
const timeoutMsMax = 24 * 60 * 60_000;

export function parseTimeout(text: string): number {
  const ms = parseTime(text);
  if (ms > 0 && ms <= timeoutMsMax) return ms;
  throw new InvalidArgumentError(ms > 0 ? "It may be 1440m at most." : "It must be longer than nothing.");
}

export function parseTime(text: string): number {
  const [, amount, unit] = /^(\d{1,6})(ms|s|m)?$/.exec(text) ?? [];
  if (amount === undefined) throw new InvalidArgumentError("It must be a time such as 30s.");
  return Number(amount) * { ms: 1, s: 1000, m: 60_000 }[(unit ?? "s") as "ms" | "s" | "m"];
}
