import type { Base64 } from "./base64.ts";

/** A data URL whose content is said to be base64 (RFC 2397). */
export interface DataUrl {
  /** The media type in lower case, without parameters; empty if there is none. */
  readonly type: string;
  /** Not yet looked at. */
  readonly content: Base64;
}

/** A longer beginning is no media type that anybody means. */
const beginningUnitsMax = 256;

/** Undefined if the text is no data URL, or one without `;base64,`. */
export function parseDataUrl(text: string): DataUrl | undefined {
  const beginning = text.slice(0, beginningUnitsMax);
  const match = /^data:([\w.+-]+\/[\w.+-]+)?((?:;[\w.+-]+=[\w.+-]+)*);base64,/i.exec(beginning);
  if (match === null) return undefined;
  return { type: (match[1] ?? "").toLowerCase(), content: { text, from: match[0].length } };
}

export function toDataUrl(type: string, bytes: Buffer): string {
  return `data:${type};base64,${bytes.toString("base64")}`;
}
