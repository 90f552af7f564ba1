import { type Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { NoAnswer } from "../reach/blame.ts";
import type { Subject } from "../reach/subject.ts";
import { collect } from "./collect.ts";
import { createAgent } from "./dial.ts";
import { withQuery } from "./query.ts";
import type { Exchange } from "./exchange.ts";
import { shownBytesMax } from "./exchange.ts";

export interface WireRequest {
  readonly method?: string;
  /** After the base URL, with a slash at its beginning; a full URL is taken as it is. */
  readonly path?: string;
  /** `undefined` leaves a header out that would be there otherwise. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** An object is sent as JSON. */
  readonly body?: object | string | Uint8Array;
  /** Ends the request at this moment. */
  readonly signal?: AbortSignal;
  /** Called with every piece of the answer. */
  readonly onData?: (text: string, atMs: number) => void;
  readonly limitMs?: number;
  /** A body longer than this is cut off. */
  readonly bodyBytesMax?: number;
  /** A connection of the caller's own, to see what happens on it between requests. */
  readonly agent?: HttpAgent;
}

/** An answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number;
  /** Lower-case names; of repeated fields the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly text: string;
  /** When each piece came, in milliseconds since the request was sent. */
  readonly reads: readonly { readonly atMs: number; readonly bytes: Buffer }[];
  readonly headersMs: number;
  readonly endMs: number;
  readonly end: Exchange["end"];
  /** The body parsed as JSON; undefined if it is none. */
  readonly json: unknown;
}

/** No case needs more; a subject that sends without end is cut off here. */
export const bodyBytesMax = 4 * 1024 * 1024;
/** A server that says 1xx for ever is not listened to until the time is over. */
const interimMax = 1000;
/** How long a call may take, unless the case says otherwise. */
export const callMs = 8000;

/** The same with this subject. */
export function toCallMs(subject: Subject): number {
  return subject.callMs ?? Math.ceil(callMs * (subject.patience ?? 1));
}

/** HTTP without any forgiveness: one request, one answer, every byte and when it came. Rejects if there is no answer. */
export function send(subject: Subject, wire: WireRequest, record: (exchange: Exchange) => void): Promise<WireAnswer> {
  const url = toUrl(subject, wire.path ?? "/chat/completions");
  const bytes = toBytes(wire.body);
  const headers = toHeaders(subject, wire, bytes);
  const method = wire.method ?? (bytes === undefined ? "GET" : "POST");
  const secure = url.protocol === "https:";
  const agent = wire.agent ?? createAgent(subject, secure);

  return new Promise((resolve, reject) => {
    const started = performance.now();
    const since = (): number => performance.now() - started;
    const limitMs = wire.limitMs === undefined ? toCallMs(subject) : Math.ceil(wire.limitMs * (subject.patience ?? 1));
    const limit = AbortSignal.timeout(limitMs);
    const signal = wire.signal === undefined ? limit : AbortSignal.any([limit, wire.signal]);
    const call = (secure ? httpsRequest : httpRequest)(url, { method, headers, agent, signal });
    let [answered, interim] = [false, 0];
    call.on("information", () => {
      if (++interim > interimMax) call.destroy(new NoAnswer(`more than ${interimMax} interim answers and no other`));
    });
    call.once("response", (response) => {
      answered = true;
      const headersMs = since();
      collect(response, since, { bytesMax: wire.bodyBytesMax ?? bodyBytesMax, onData: wire.onData }).then((read) => {
        const end =
          read.end === "cut" && limit.aborted ? "limit" : read.end === "cut" && signal.aborted ? "aborted" : read.end;
        const answer = toAnswer(response, read.pieces, headersMs, since(), end);
        record(toExchange(method, url, headers, bytes, answer));
        return resolve(answer);
      }, reject);
    });
    const fail = (error: Error): void => {
      // Once there is an answer, how it ended is part of it.
      if (answered) return;
      answered = true;
      record(toUnanswered({ method, url, headers, bytes, endMs: since(), error }));
      reject(error);
    };
    call.on("error", (error) => fail(limit.aborted ? new NoAnswer(`no answer within ${limitMs} ms`) : error));
    // A connection that is given up without an error, as after a 101 that nobody asked for.
    call.once("close", () => fail(new NoAnswer("the connection was closed without an answer")));
    call.end(bytes);
  });
}

function toUrl(subject: Subject, path: string): URL {
  return new URL(path.startsWith("http") ? path : `${subject.baseUrl}${withQuery(subject, path)}`);
}

function toBytes(body: WireRequest["body"]): Buffer | undefined {
  if (body === undefined) return undefined;
  if (typeof body === "string" || body instanceof Uint8Array) return Buffer.from(body as string);
  return Buffer.from(JSON.stringify(body));
}

function toHeaders(subject: Subject, wire: WireRequest, bytes: Buffer | undefined): Record<string, string> {
  const headers: Record<string, string | undefined> = {
    authorization: subject.apiKey === "" ? undefined : `Bearer ${subject.apiKey}`,
    accept: "application/json",
    ...subject.headers,
    ...(bytes === undefined ? {} : { "content-type": "application/json", "content-length": String(bytes.length) }),
    ...wire.headers,
  };
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function toAnswer(
  response: IncomingMessage,
  reads: WireAnswer["reads"],
  headersMs: number,
  endMs: number,
  end: WireAnswer["end"],
): WireAnswer {
  const body = Buffer.concat(reads.map(({ bytes }) => bytes));
  const text = body.toString("utf8");
  const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
  return { status: response.statusCode ?? 0, headers, body, text, reads, headersMs, endMs, end, json: toJson(text) };
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Unanswered {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer | undefined;
  readonly endMs: number;
  readonly error: Error;
}

function toUnanswered({ method, url, headers, bytes, endMs, error }: Unanswered): Exchange {
  return {
    method,
    url: url.href,
    requestHeaders: headers,
    requestBody: toShown(bytes),
    status: 0,
    headers: {},
    reads: [],
    endMs: Math.round(endMs),
    end: "none",
    failure: error.message,
  };
}

function toShown(bytes: Buffer | undefined): string {
  return bytes?.toString("utf8", 0, shownBytesMax) ?? "";
}

function toExchange(
  method: string,
  url: URL,
  requestHeaders: Record<string, string>,
  bytes: Buffer | undefined,
  { status, headers, reads, endMs, end }: WireAnswer,
): Exchange {
  let left = shownBytesMax;
  const shown: { atMs: number; text: string }[] = [];
  for (const { atMs, bytes: piece } of reads) {
    if (left <= 0) break;
    shown.push({ atMs: Math.round(atMs), text: piece.toString("utf8", 0, left) });
    left -= piece.length;
  }
  const requestBody = toShown(bytes);
  return {
    method,
    url: url.href,
    requestHeaders,
    requestBody,
    status,
    headers,
    reads: shown,
    endMs: Math.round(endMs),
    end,
  };
}
