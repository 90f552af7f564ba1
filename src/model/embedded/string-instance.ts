import { numberOr } from "./fit.ts";
import { type FindMatch, toMatch } from "./pattern.ts";
import { toPoints } from "./points.ts";
import type { SchemaObject } from "./schema.ts";
import { costs, type Work } from "./work.ts";

/** How much of a hint there is in a string. */
const hintUnitsMax = 500;
/** A schema that asks for more is not answered: nobody needs a megabyte of filling. */
const lengthMax = 100_000;

const formats: Readonly<Record<string, (variant: number) => string>> = {
  "date-time": (variant) => `2025-01-01T00:${pad(variant)}:00Z`,
  date: (variant) => `2025-01-${pad((variant % 28) + 1)}`,
  time: (variant) => `00:${pad(variant)}:00Z`,
  duration: (variant) => `PT${variant + 1}M`,
  email: (variant) => `user${variant || ""}@example.com`,
  "idn-email": (variant) => `user${variant || ""}@example.com`,
  uuid: (variant) => `00000000-0000-4000-8000-${String(variant).padStart(12, "0")}`,
  uri: (variant) => `https://example.com/${variant || ""}`,
  url: (variant) => `https://example.com/${variant || ""}`,
  iri: (variant) => `https://example.com/${variant || ""}`,
  "uri-reference": (variant) => `/${variant || ""}`,
  hostname: (variant) => `host${variant || ""}.example.com`,
  ipv4: (variant) => `192.0.2.${variant % 256}`,
  ipv6: (variant) => `2001:db8::${(variant + 1).toString(16)}`,
};

function pad(number: number): string {
  return String(number % 60).padStart(2, "0");
}

export interface StringWish {
  readonly hint: string;
  readonly variant: number;
  readonly findMatch: FindMatch;
  readonly work: Work;
}

/** A string that obeys the schema's pattern, format and lengths (code points), or undefined when none is found. */
export function toString(schema: SchemaObject, wish: StringWish): string | undefined {
  const least = numberOr(schema["minLength"], 0);
  const most = numberOr(schema["maxLength"], Infinity);
  if (least > most || least > lengthMax) return undefined;
  const { pattern, format } = schema;
  const make = typeof format === "string" && Object.hasOwn(formats, format) ? formats[format] : undefined;
  if (typeof pattern === "string") return toPatterned(pattern, { ...wish, least, most, sample: make?.(wish.variant) });
  wish.work.spend(hintUnitsMax + least);
  if (!make) return fitText(wish.hint, least, most, wish.variant);
  const text = make(wish.variant);
  return isSized(text, least, most) ? text : undefined;
}

interface PatternWish extends StringWish {
  readonly least: number;
  readonly most: number;
  /** A text of the schema's format, which must be kept beside the pattern. */
  readonly sample: string | undefined;
}

function toPatterned(pattern: string, wish: PatternWish): string | undefined {
  const { least, most, hint, variant, findMatch, work, sample } = wish;
  work.spend(hint.length * costs.key);
  const given = sample === undefined ? [hint, ...hint.split(/[\s,.;:!?"'()]+/).slice(0, 4)] : [sample];
  // Later variants must differ, and a hint is only one text.
  const usable = variant === 0 || sample !== undefined ? given : [];
  const found = findMatch(
    pattern,
    usable.filter((text) => text !== "" && isSized(text, least, most)),
  );
  if (found !== undefined || sample !== undefined) return found;
  return toMatch(pattern, { least, most, variant, findMatch, work });
}

function isSized(text: string, least: number, most: number): boolean {
  const length = toPoints(text).length;
  return length >= least && length <= most;
}

/** The hint cut or filled up to the lengths; a variant is told by the number at its end. */
function fitText(hint: string, least: number, most: number, variant: number): string {
  const suffix = variant === 0 ? "" : ` ${variant + 1}`;
  const points = toPoints(hint.slice(0, hintUnitsMax).toWellFormed().trim() || "text");
  const room = Math.max(0, Math.min(most, hintUnitsMax) - suffix.length);
  const text = points.slice(0, room).join("") + suffix.slice(0, most);
  const missing = least - toPoints(text).length;
  return missing > 0 ? text.slice(0, text.length - suffix.length) + ".".repeat(missing) + suffix : text;
}
