/** Base64 where it stands in a longer text, so that 20 MB of it are never copied. */
export interface Base64 {
  readonly text: string;
  /** Where it begins; it goes on to the end of the text. */
  readonly from: number;
}

/** How many bytes it stands for, by its length alone. */
export function countBytes({ text, from }: Base64): number {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return Math.max(0, Math.floor(((text.length - from) * 3) / 4) - padding);
}

/** RFC 4648 section 4 to the letter: its alphabet, full groups of four, at least one byte. Decodes nothing. */
export function isBase64({ text, from }: Base64): boolean {
  const length = text.length - from;
  if (length === 0 || length % 4 !== 0) return false;
  const stranger = /[^A-Za-z0-9+/]/g;
  stranger.lastIndex = from;
  const at = stranger.exec(text)?.index ?? text.length;
  const rest = text.length - at;
  return rest === 0 || (rest <= 2 && text.slice(at) === "=".repeat(rest));
}

/** Decodes the first bytes only. */
export function decodeHead({ text, from }: Base64, bytesMax: number): Buffer {
  // Four characters are three bytes.
  return Buffer.from(text.slice(from, from + Math.ceil(bytesMax / 3) * 4), "base64");
}
