import { GatewayError } from "../base/errors.ts";

export const jsonDepthMax = 64;
export const jsonValuesMax = 100_000;

/**
 * One pass over the bytes before they are parsed: 20 MB of `[{},{},…` would hold the event loop for seconds, and deep
 * nesting breaks whatever walks the value later. Throws `too_deep` or `too_many_values`.
 */
export function assertBounded(bytes: Uint8Array): void {
  let depth = 0;
  let values = 1;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (byte === 0x22) {
      index = findStringEnd(bytes, index + 1);
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > jsonDepthMax) {
        throw new GatewayError("too_deep", `The JSON is nested deeper than ${jsonDepthMax} levels.`);
      }
    } else if (byte === 0x7d || byte === 0x5d) {
      depth--;
    } else if (byte === 0x2c && ++values > jsonValuesMax) {
      throw new GatewayError("too_many_values", `The JSON holds more than ${jsonValuesMax} values.`);
    }
  }
}

/** Most strings are short and read faster here; the rest of a long one is skipped natively. */
const shortString = 48;

/** The place of the quote that ends the string, or the end of the bytes. */
function findStringEnd(bytes: Uint8Array, start: number): number {
  const stop = Math.min(bytes.length, start + shortString);
  for (let index = start; index < stop; index++) {
    const byte = bytes[index];
    if (byte === 0x22) return index;
    if (byte === 0x5c) index++;
  }
  return findLongStringEnd(bytes, start);
}

function findLongStringEnd(bytes: Uint8Array, start: number): number {
  for (let quote = bytes.indexOf(0x22, start); quote !== -1; quote = bytes.indexOf(0x22, quote + 1)) {
    let slashes = 0;
    while (quote - slashes > start && bytes[quote - slashes - 1] === 0x5c) slashes++;
    if (slashes % 2 === 0) return quote;
  }
  return bytes.length;
}
