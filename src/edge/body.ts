import { isUtf8 } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import { GatewayError } from "../base/errors.ts";
import { Gathered } from "../base/gathered.ts";
import { loopTime } from "../base/loop-time.ts";
import type { BodyShare } from "./body-budget.ts";

export interface BodyLimits {
  /** Of this one body. */
  readonly bytesMax: number;
  /** What all bodies together leave to this one. Whoever opened it releases it. */
  readonly share: BodyShare;
}

/**
 * Reads the JSON body, in the order of the contract: media type (415), size (413), room for it (503), UTF-8, bounds,
 * JSON (400). A body that is refused is still drained: closing the connection on a client that is writing hides the
 * answer from it.
 */
export async function readJson(
  request: IncomingMessage,
  response: ServerResponse,
  limits: BodyLimits,
): Promise<unknown> {
  assertMediaType(request);
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > limits.bytesMax) throw tooLarge(limits.bytesMax);
  limits.share.reach(announced);
  // Only now: a client that asks first is not told to send what would be refused.
  if (request.headers.expect !== undefined) response.writeContinue();
  const bytes = await readBytes(request, limits);
  if (bytes.length >= dearBytes) await loopTime.begin();
  if (!isUtf8(bytes)) throw new GatewayError("invalid_utf8", "The body is not valid UTF-8.");
  assertBounded(bytes);
  const isLong = bytes.length >= longBytes;
  if (isLong) await loopTime.goOn();
  const value = parseJson(bytes);
  if (isLong) await loopTime.goOn();
  return value;
}

/** Of those that are shorter there are not so many in a turn of the event loop that they need a share of its time. */
const dearBytes = 16_384;
/** To look at a longer one, to parse it and to check it are pieces of work of their own. */
const longBytes = 65_536;

function assertMediaType({ headers }: IncomingMessage): void {
  const type = headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    const given = type === undefined || type === "" ? "is missing" : `is '${type.slice(0, 64)}'`;
    throw new GatewayError("unsupported_media_type", `'Content-Type' ${given}; it must be 'application/json'.`, {
      param: "content-type",
    });
  }
  const encoding = headers["content-encoding"]?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== "identity") {
    throw new GatewayError(
      "unsupported_media_type",
      "A compressed body is not accepted; leave 'Content-Encoding' out.",
      { param: "content-encoding" },
    );
  }
}

function readBytes(request: IncomingMessage, { bytesMax, share }: BodyLimits): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // The listeners live as long as the request, which may wait long for its answer: they must not keep the bytes.
    let first: Buffer | undefined;
    /** With the first one, where others come. */
    let all: Gathered | undefined;
    let size = 0;
    const refuse = (error: unknown): void => {
      first = all = undefined;
      request.off("data", onData);
      // The rest is read once the answer is there (leftovers.ts).
      request.pause();
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- It is whatever was thrown.
      reject(error);
    };
    const onData = (piece: Buffer): void => {
      size += piece.length;
      if (size > bytesMax) return refuse(tooLarge(bytesMax));
      try {
        share.reach(size);
      } catch (error) {
        return refuse(error);
      }
      if (first === undefined) first = piece;
      else (all ??= new Gathered(first)).add(piece);
    };
    request.on("data", onData);
    request.on("end", () => {
      resolve(all?.take() ?? first ?? Buffer.alloc(0));
      first = all = undefined;
    });
    request.on("error", (cause) =>
      reject(new GatewayError("cancelled", "The client left before its request was complete.", { cause })),
    );
    request.on("close", () => {
      if (!request.complete) reject(new GatewayError("cancelled", "The client left before its request was complete."));
    });
  });
}

function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) throw new GatewayError("invalid_json", "The body is empty; it must be a JSON object.");
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    // V8's message quotes the input, which may hold a secret; only the place of the fault is passed on, to the log too.
    const place = /position \d+(?: \(line \d+ column \d+\))?/.exec(String(error))?.[0];
    throw new GatewayError("invalid_json", `The body is not valid JSON${place === undefined ? "" : `, at ${place}`}.`);
  }
}

function tooLarge(bytesMax: number): GatewayError {
  return new GatewayError("request_too_large", `The body is larger than ${bytesMax} bytes.`);
}

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
