import { GatewayError } from "../errors.ts";

export const jsonDepthMax = 64;
export const jsonValuesMax = 100_000;

/**
 * One pass over the bytes before they are parsed: 20 MB of `[{},{},…` would hold the event loop for seconds, and deep
 * nesting breaks whatever walks the value later. Throws `too_deep` or `too_many_values`.
 */
export function assertBounded(bytes: Uint8Array): void {
  let depth = 0;
  let values = 1;
  let inString = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (inString) {
      if (byte === 0x5c) index++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) {
      inString = true;
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
