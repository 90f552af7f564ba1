import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import type { Log } from "../base/log.ts";
import { endWithFile } from "./slices.ts";
import { markCommon } from "./slow-readers.ts";

type Compress = (file: Buffer) => Promise<Buffer>;

const zip = promisify(gzip);
const compressWell: Compress = (file) => zip(file, { level: constants.Z_BEST_COMPRESSION });

/** Sends files that never change. All who are sent one share its bytes. */
export class ConstantFiles {
  readonly #log: Pick<Log, "warn">;
  readonly #compress: Compress;
  /**
   * Of files that were asked for compressed; undefined of one that could not be. They hold nothing secret, so that how long
   * they are tells nothing.
   */
  readonly #zipped = new WeakMap<Buffer, Promise<Buffer | undefined>>();

  constructor(log: Pick<Log, "warn">, compress = compressWell) {
    this.#log = log;
    this.#compress = compress;
  }

  /**
   * Sends a file that has an `etag` among its headers (RFC 9110 sections 8.8.3, 13.1.2 and 12.5.3): nothing to who has it,
   * and compressed to who takes gzip.
   */
  send(
    { headers: asked }: IncomingMessage,
    response: ServerResponse,
    headers: Record<string, string>,
    file: Buffer,
  ): void {
    // To be kept, and asked for each time: another version of the gateway has other files.
    headers["cache-control"] = "no-cache";
    headers["vary"] = "accept-encoding";
    if (isHeld(asked["if-none-match"], headers["etag"])) {
      const { "content-type": _, ...rest } = headers;
      response.writeHead(304, rest).end();
      return;
    }
    const send = (bytes: Buffer, encoding?: "gzip"): void => {
      if (encoding !== undefined) headers["content-encoding"] = encoding;
      headers["content-length"] = String(bytes.length);
      markCommon(response);
      endWithFile(response.writeHead(200, headers), bytes);
    };
    if (!takesGzip(asked["accept-encoding"])) return send(file);
    void this.#zip(file).then((zipped) => (zipped === undefined ? send(file) : send(zipped, "gzip")));
  }

  /** Tried once: what fails is memory, and strangers who ask again and again shall not take more of it. */
  #zip(file: Buffer): Promise<Buffer | undefined> {
    const known = this.#zipped.get(file);
    if (known !== undefined) return known;
    const zipped = this.#compress(file).catch((cause: unknown) => {
      this.#log.warn({ bytes: file.length, err: cause }, "file not compressed");
      return undefined;
    });
    this.#zipped.set(file, zipped);
    return zipped;
  }
}

/** Whether the client has what the validator names; `W/` makes no difference for it. */
function isHeld(given = "", validator = ""): boolean {
  return given.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === validator);
}

function takesGzip(given: string | string[] = ""): boolean {
  const codings = String(given).toLowerCase().split(",");
  return codings.some((one) => {
    const [coding = "", ...parameters] = one.split(";").map((part) => part.trim());
    const refused = parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
    return (coding === "gzip" || coding === "*") && !refused;
  });
}
