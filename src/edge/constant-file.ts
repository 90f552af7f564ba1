import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { markCommon } from "./slow-readers.ts";

const compress = promisify(gzip);

/** Of files that were asked for compressed. They hold nothing secret, so that how long they are tells nothing. */
const zipped = new WeakMap<Buffer, Promise<Buffer>>();

/**
 * Sends a file that never changes and has an `etag` among its headers (RFC 9110 sections 8.8.3, 13.1.2 and 12.5.3): nothing to who has
 * it, and compressed to who takes gzip. All who are sent it share its bytes.
 */
export function sendFile(
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
  const send = (bytes: Buffer): void => {
    headers["content-length"] = String(bytes.length);
    markCommon(response);
    response.writeHead(200, headers).end(bytes);
  };
  if (!takesGzip(asked["accept-encoding"])) return send(file);
  headers["content-encoding"] = "gzip";
  const known = zipped.get(file) ?? compress(file, { level: constants.Z_BEST_COMPRESSION });
  zipped.set(file, known);
  void known.then(send);
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
