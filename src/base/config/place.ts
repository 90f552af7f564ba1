import JSON5 from "json5";
import type { ConfigPath } from "./config-error.ts";

/** As people count them. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A word of JSON5: what is skipped, a text, a sign, or a name or number. */
const word =
  /(?<skip>[\s\u00a0\ufeff]+|\/\/[^\n\r\u2028\u2029]*|\/\*[^]*?\*\/)|(?<text>"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*')|(?<sign>[{}[\]:,])|(?<bare>[^\s{}[\]:,"'/]+)/y;

interface Word {
  readonly text: string;
  readonly at: number;
}

/**
 * Where the key of `path` stands in a text of JSON5 that has been parsed, or what is nearest to it above: of an element of
 * a list its value. Undefined for the whole.
 */
export function findPlace(text: string, path: ConfigPath): Place | undefined {
  const words = toWords(text);
  let best: number | undefined;
  let next = 0;
  const skipValue = (): void => {
    let depth = 0;
    do {
      const sign = words[next]?.text;
      if (sign === "{" || sign === "[") depth += 1;
      if (sign === "}" || sign === "]") depth -= 1;
      next += 1;
    } while (depth > 0 && next < words.length);
  };
  for (const step of path) {
    const open = words[next]?.text;
    if (open !== (typeof step === "number" ? "[" : "{")) break;
    next += 1;
    const found = typeof step === "number" ? findElement(step) : findKey(step);
    if (found === undefined) break;
    best = found;
  }
  return best === undefined ? undefined : toPlace(text, best);

  function findElement(index: number): number | undefined {
    for (let count = 0; ; count += 1) {
      const first = words[next];
      if (first === undefined || first.text === "]") return undefined;
      if (count === index) return first.at;
      skipValue();
      if (words[next]?.text === ",") next += 1;
    }
  }

  /** Of a name that is there twice the last one counts. */
  function findKey(name: string): number | undefined {
    let found: { readonly at: number; readonly value: number } | undefined;
    while (next < words.length && words[next]?.text !== "}") {
      const key = words[next];
      next += 2;
      if (key !== undefined && toName(key.text) === name) found = { at: key.at, value: next };
      skipValue();
      if (words[next]?.text === ",") next += 1;
    }
    if (found === undefined) return undefined;
    next = found.value;
    return found.at;
  }
}

function toWords(text: string): Word[] {
  const words: Word[] = [];
  word.lastIndex = 0;
  for (let found = word.exec(text); found !== null; found = word.exec(text))
    if (found.groups?.["skip"] === undefined) words.push({ text: found[0], at: found.index });
  return words;
}

/** A name may be written with quotation marks or without, and its letters as numbers. */
function toName(text: string): string | undefined {
  if (!/["'\\]/.test(text)) return text;
  return Object.keys(JSON5.parse<object>(`{${text}:0}`))[0];
}

function toPlace(text: string, at: number): Place {
  const before = text.slice(0, at).split(/\r\n|[\n\r\u2028\u2029]/);
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}
