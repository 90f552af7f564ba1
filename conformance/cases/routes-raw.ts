import { Failure, show } from "../expect.ts";
import type { WireConnection } from "../lens/socket.ts";

/** An answer read off a raw connection. */
export interface RawAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  /** With the chunked coding taken off. */
  readonly body: string;
}

/** Heads such as 100 Continue come before the one that counts; 101 is final. */
const interimHeads = /^(?:HTTP\/1\.[01] 1(?!01)\d\d[^]*?\r\n\r\n)*/;
const finalHead = new RegExp(`${interimHeads.source}HTTP/1\\.[01] (?:101|[2-5]\\d\\d)[^]*?\\r\\n\\r\\n`);

/** Waits for the head of a final answer. A connection that ends or stays silent is a failure of the case. */
export async function waitForHead(
  connection: WireConnection,
  what: string,
  limitMs = 5000 * connection.patience,
): Promise<RawAnswer> {
  try {
    await connection.waitFor(finalHead, limitMs);
  } catch {
    const end = connection.closed ? "the connection ended" : `no answer came within ${limitMs} ms`;
    throw new Failure(`an answer to ${what}`, `${end}; there was ${show(connection.received.slice(0, 200))}`);
  }
  return parseRaw(connection.received);
}

/** Waits for an answer after which the other side closes. */
export async function waitForWhole(
  connection: WireConnection,
  what: string,
  limitMs = 8000 * connection.patience,
): Promise<RawAnswer> {
  try {
    await connection.waitForEnd(limitMs);
  } catch {
    const actual = `it is open after ${limitMs} ms; there was ${show(connection.received.slice(0, 200))}`;
    throw new Failure(`${what} to be answered, and the connection to be closed`, actual);
  }
  return parseRaw(connection.received);
}

function parseRaw(received: string): RawAnswer {
  const text = received.replace(interimHeads, "");
  const end = text.indexOf("\r\n\r\n");
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
  if (end === -1 || status === undefined) throw new Failure("an HTTP answer", show(received.slice(0, 200)));
  const lines = text.slice(0, end).split("\r\n").slice(1);
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const rest = text.slice(end + 4);
  const chunked = headers.get("transfer-encoding")?.toLowerCase() === "chunked";
  return { status: Number(status), headers, body: chunked ? unchunk(rest) : rest };
}

/** Fails on a body that does not end with the last chunk. */
function unchunk(text: string): string {
  let body = "";
  for (let at = 0; ;) {
    const line = /^([0-9a-f]+)[^\r\n]*\r\n/i.exec(text.slice(at, at + 64));
    if (line?.[1] === undefined) throw new Failure("a whole chunked body", show(text.slice(-100)));
    const size = Number.parseInt(line[1], 16);
    if (size === 0) return body;
    const start = at + line[0].length;
    body += text.slice(start, start + size);
    at = start + size + 2;
  }
}
