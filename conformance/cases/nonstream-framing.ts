/** An answer cut out of the bytes of a connection, one character a byte. */
export interface RawAnswer {
  readonly status: number;
  /** `HTTP/1.1` */
  readonly version: string;
  /** Lower-case names, in the order in which they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Without the marks of the chunked coding. */
  readonly body: string;
  readonly framing: "content-length" | "chunked" | "close";
  /** What is wrong with the length of the body by RFC 9112, section 6; undefined if nothing is. */
  readonly problem: string | undefined;
}

/** The first final answer in what a closed connection has said; undefined if not even its head is whole. */
export function parseRawAnswer(received: string): RawAnswer | undefined {
  const headEnd = received.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const [statusLine = "", ...lines] = received.slice(0, headEnd).split("\r\n");
  const [, version = "", digits = "0"] = /^(HTTP\/\d\.\d) (\d{3})/.exec(statusLine) ?? [];
  const status = Number(digits);
  const behind = received.slice(headEnd + 4);
  // Interim answers come before the final one.
  if (status >= 100 && status < 200) return parseRawAnswer(behind);
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return { status, version, headers, ...toFramed(headers, behind) };
}

export function valuesOf({ headers }: Pick<RawAnswer, "headers">, wanted: string): string[] {
  return headers.filter(([name]) => name === wanted).map(([, value]) => value);
}

function toFramed(headers: RawAnswer["headers"], behind: string): Pick<RawAnswer, "body" | "framing" | "problem"> {
  const lengths = valuesOf({ headers }, "content-length");
  const codings = valuesOf({ headers }, "transfer-encoding");
  if (codings.length > 0) {
    if (lengths.length > 0) return { ...readChunked(behind), problem: "content-length beside transfer-encoding" };
    return readChunked(behind);
  }
  if (lengths.length === 0) return { body: behind, framing: "close", problem: undefined };
  const [length = ""] = lengths;
  const body = behind.slice(0, Number(length));
  const isRight = lengths.length === 1 && /^\d+$/.test(length) && Number(length) === behind.length;
  const problem = isRight ? undefined : `content-length ${lengths.join(" and ")}, but ${behind.length} bytes`;
  return { body, framing: "content-length", problem };
}

function readChunked(text: string): Pick<RawAnswer, "body" | "framing" | "problem"> {
  const framing = "chunked";
  let body = "";
  let at = 0;
  for (;;) {
    const lineEnd = text.indexOf("\r\n", at);
    const [, digits] = /^([0-9a-f]+)[ \t]*(?:;.*)?$/i.exec(text.slice(at, Math.max(lineEnd, at))) ?? [];
    if (digits === undefined) return { body, framing, problem: `no chunk size at byte ${at} of the body` };
    const size = Number.parseInt(digits, 16);
    at = lineEnd + 2;
    if (size === 0) break;
    body += text.slice(at, at + size);
    at += size + 2;
    if (text.slice(at - 2, at) !== "\r\n") return { body, framing, problem: `no line end after a chunk of ${size}` };
  }
  // Trailer fields, and the empty line.
  const end = text.startsWith("\r\n", at) ? at + 2 : text.indexOf("\r\n\r\n", at) + 4;
  if (end < at) return { body, framing, problem: "the empty line after the last chunk is missing" };
  const surplus = text.length - end;
  return { body, framing, problem: surplus === 0 ? undefined : `${surplus} bytes after the last chunk` };
}
