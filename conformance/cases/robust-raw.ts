// One request over a raw connection, for what HTTP clients cannot say.
import type { CaseContext } from "../context.ts";
import { Failure, show } from "../expect.ts";
import { toHead, type WireConnection } from "../lens/socket.ts";

export interface RawAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface RawRequest {
  readonly lines: readonly string[];
  readonly body?: string | Uint8Array;
  /** Of the head; `latin1` sends each character as one byte. */
  readonly encoding?: "utf8" | "latin1";
  readonly limitMs?: number;
}

/** A whole JSON body in a plain frame. */
export function toJsonLines(body: string): string[] {
  return ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(body)}`];
}

/** Sends a `POST /chat/completions` and waits for the whole answer. A connection that ends without one is a failure. */
export async function talk(context: CaseContext, request: RawRequest, what: string): Promise<RawAnswer> {
  const connection = await context.connect();
  try {
    const head = toHead(context.subject, "POST", "/chat/completions", [...request.lines, "Connection: close"]);
    connection.write(Buffer.from(head, request.encoding ?? "utf8"));
    if (request.body !== undefined) connection.write(request.body);
    return await readAnswer(connection, what, request.limitMs);
  } finally {
    connection.close();
  }
}

/** The final answer; it is enough that the connection ends, or that nothing more comes until the limit. */
export async function readAnswer(
  connection: WireConnection,
  what: string,
  limitMs = 8000 * connection.patience,
): Promise<RawAnswer> {
  await connection.waitForEnd(limitMs).catch(() => undefined);
  const answer = parseAnswer(connection.received);
  if (answer === undefined) {
    const end = connection.closed ? "the connection was closed" : `nothing within ${limitMs} ms`;
    throw new Failure(`an answer to ${what}`, `${end}; it had said ${show(connection.received)}`);
  }
  return answer;
}

/** The first answer that is not interim (1xx). */
export function parseAnswer(received: string): RawAnswer | undefined {
  const match = /^(?:HTTP\/1\.1 1\d\d[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n)*HTTP\/1\.[01] (\d{3})[^\r\n]*\r\n/.exec(
    received,
  );
  const headEnd = received.indexOf("\r\n\r\n", match?.[0].length ?? 0);
  if (match === null || headEnd === -1) return undefined;
  const fields = received.slice(match[0].length, headEnd).split("\r\n");
  const headers = Object.fromEntries(
    fields.map((line) => [line.split(":", 1)[0]?.toLowerCase() ?? "", line.slice(line.indexOf(":") + 1).trim()]),
  );
  const body = received.slice(headEnd + 4);
  const bytes = headers["transfer-encoding"] === "chunked" ? joinChunks(body) : body;
  return { status: Number(match[1]), headers, text: Buffer.from(bytes, "latin1").toString("utf8") };
}

function joinChunks(body: string): string {
  let text = "";
  for (let at = 0; ;) {
    const end = body.indexOf("\r\n", at);
    const size = end === -1 ? 0 : Number.parseInt(body.slice(at, end), 16);
    if (!(size > 0)) return text;
    text += body.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
}

/** How many answers there are in what has come, interim ones left out. */
export function countAnswers(received: string): number {
  return received.match(/HTTP\/1\.[01] [2-5]\d\d /g)?.length ?? 0;
}
