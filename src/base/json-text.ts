/**
 * Commas of a JSON text outside of its strings: one for each value but the first of each list and object. Counted before
 * the text is parsed, since a list of millions of values holds the event loop for seconds. Ends when there are more than
 * `most`.
 */
export function countCommas(text: string, most: number): number {
  let count = 0;
  for (let at = 0; at < text.length && count <= most; at += 1) {
    const code = text.charCodeAt(at);
    if (code === comma) count += 1;
    else if (code === quote) at = findStringEnd(text, at + 1);
  }
  return count;
}

const comma = 0x2c;
const quote = 0x22;
const backslash = 0x5c;

/** The place of the quote that ends the string, or the end of the text. */
function findStringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (end - slashes > start && text.charCodeAt(end - slashes - 1) === backslash) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}

/** JSON text that is the same for equal values, in whatever order the keys of their objects stand. */
export function toCanonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => {
    if (typeof one !== "object" || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).toSorted(([left], [right]) => (left < right ? -1 : 1)));
  });
}
