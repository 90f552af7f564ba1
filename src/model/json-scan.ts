/** How far the JSON text is: `whole` when its object or list is closed. */
export type JsonProgress = "empty" | "open" | "whole";

/**
 * Follows JSON that comes in pieces, and knows without parsing it again when its object or list is closed. It counts
 * brackets and nothing else: what it calls whole was not cut off, and may still be no JSON.
 */
export class JsonScan {
  progress: JsonProgress = "empty";
  /** Of all the text, for comparing: two texts of the same length and sum are the same. */
  length = 0;
  sum = 0;
  #depth = 0;
  #quoted = false;
  #escaped = false;

  add(text: string): void {
    this.length += text.length;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      this.sum = addToSum(this.sum, code);
      if (this.#quoted) this.#readQuoted(code);
      else if (code > 0x20) this.#readBare(code);
    }
  }

  /** As if nothing had come. */
  reset(): void {
    this.progress = "empty";
    this.length = 0;
    this.sum = 0;
  }

  isSame(text: string): boolean {
    if (text.length !== this.length) return false;
    let sum = 0;
    for (let at = 0; at < text.length; at += 1) sum = addToSum(sum, text.charCodeAt(at));
    return sum === this.sum;
  }

  #readQuoted(code: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (code === backslash) this.#escaped = true;
    else if (code === quote) this.#quoted = false;
  }

  #readBare(code: number): void {
    if (this.progress === "empty") this.progress = "open";
    if (code === quote) this.#quoted = true;
    else if (code === openBrace || code === openBracket) this.#depth += 1;
    else if (code === closeBrace || code === closeBracket) {
      this.#depth -= 1;
      if (this.#depth === 0) this.progress = "whole";
    }
  }
}

function addToSum(sum: number, code: number): number {
  return (Math.imul(sum, 31) + code) | 0;
}

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
