import { GatewayError } from "../../base/errors.ts";

/** Throws `upstream_error` with this message. The parser's own error quotes the text, which is not for the log either. */
export function parseJson(text: string, message: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const cause = new Error(`no JSON in ${text.length} characters`);
    throw new GatewayError("upstream_error", message, { cause });
  }
}
