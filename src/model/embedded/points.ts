/** The code points of a text: what `minLength` counts, and what may be cut apart without making ill-formed text. */
export function toPoints(text: string): string[] {
  return Array.from(text);
}

/** The text as part of a regular expression. (`RegExp.escape` is not in the library this project compiles for.) */
export function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
