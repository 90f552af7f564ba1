import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "../expect.ts";
import { toHead, type WireConnection } from "../lens/socket.ts";
import type { Subject } from "../reach/subject.ts";

/** One answer of several on a raw connection. */
export interface RawAnswer {
  readonly status: number;
  /** `1.0` or `1.1`. */
  readonly version: string;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

const pollMs = 10;

/** Every complete final answer in the bytes, in order; a 100 is passed over. */
export function readAnswers(received: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let at = 0; ;) {
    const head = received.indexOf("\r\n\r\n", at);
    if (head < 0) return answers;
    const [first = "", ...lines] = received.slice(at, head).split("\r\n");
    const [, version = "", code = ""] = /^HTTP\/(1\.[01]) (\d{3})/.exec(first) ?? [];
    if (code === "") throw new Failure("an HTTP/1.1 status line", first.slice(0, 80));
    const status = Number(code);
    const headers = new Map(
      lines.map((line): [string, string] => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const body = readBody(received, head + 4, headers);
    if (body === undefined) return answers;
    at = body.end;
    if (status >= 200) answers.push({ status, version, headers, body: body.text });
  }
}

interface Body {
  readonly text: string;
  readonly end: number;
}

/** Undefined while the body is not complete. */
function readBody(received: string, start: number, headers: ReadonlyMap<string, string>): Body | undefined {
  if (/chunked/i.test(headers.get("transfer-encoding") ?? "")) return readChunks(received, start);
  const end = start + Number(headers.get("content-length") ?? 0);
  return received.length < end ? undefined : { text: received.slice(start, end), end };
}

function readChunks(received: string, start: number): Body | undefined {
  let text = "";
  for (let at = start; ;) {
    const line = received.indexOf("\r\n", at);
    if (line < 0) return undefined;
    const size = Number.parseInt(received.slice(at, line), 16);
    if (Number.isNaN(size)) throw new Failure("the size of a chunk", received.slice(at, line).slice(0, 40));
    const end = line + 2 + size;
    if (received.length < end + 2) return undefined;
    text += received.slice(line + 2, end);
    at = end + 2;
    if (size === 0) return { text, end: at };
  }
}

/** Waits for so many answers; fails with what has come if the connection ends or the time is over. */
export async function waitForAnswers(
  connection: WireConnection,
  count: number,
  signal: AbortSignal,
  limitMs = 5000,
): Promise<readonly RawAnswer[]> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const { closed } = connection;
    const answers = readAnswers(connection.received);
    if (answers.length >= count) return answers;
    if (closed || performance.now() > deadline)
      throw new Failure(
        `${count} complete answers on one connection`,
        `${answers.length}, ${closed ? "then it was closed" : `nothing more within ${limitMs} ms`}: ${JSON.stringify(connection.received.slice(-200))}`,
      );
    await delay(pollMs, undefined, { signal });
  }
}

export function toGet(subject: Subject, path: string): string {
  return toHead(subject, "GET", path, ["Accept: application/json"]);
}

export function toPost(subject: Subject, body: object): string {
  const text = JSON.stringify(body);
  const lines = ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(text)}`];
  return `${toHead(subject, "POST", "/chat/completions", lines)}${text}`;
}

/** Whether no further request may follow on the connection. */
export function saysClose({ version, headers }: RawAnswer): boolean {
  const connection = headers.get("connection") ?? "";
  return /\bclose\b/i.test(connection) || (version === "1.0" && !/keep-alive/i.test(connection));
}
