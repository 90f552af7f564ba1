// Serves a contract without a framework: `(request: Request) => Promise<Response>`, as web-standard runtimes call it.
import { type AnswerCheck, noAnswerCheck } from "./runtime/answer-check.ts";
import { bind, type ContractRequest } from "./runtime/bind.ts";
import { toEventBody } from "./runtime/event-body.ts";
import type { ReadText } from "./runtime/parameters.ts";
import type { AnyReply, Handlers } from "./runtime/reply.ts";
import { listHeaders } from "./runtime/reply-headers.ts";
import { type AnyRow, listIds, listPathParameters, type Rows, toPattern, toWholeType } from "./runtime/row.ts";

/** Why a request reached no handler. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: 400 | 404 | 405 | 413 | 415;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: Refusal["status"], message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** What the client is told of an error. */
export interface Failure {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface FetchOptions<Context> {
  /** What the handlers get besides the request. */
  readonly toContext: (request: Request) => Context;
  /** Called with a `Refusal`, a `RequestViolation`, or with what a handler or its stream threw. */
  readonly toFailure: (error: unknown) => Failure;
  readonly answers?: AnswerCheck;
  /** 1 MiB unless set. */
  readonly bodyBytesMax?: number;
}

interface Route<Context> {
  readonly row: AnyRow;
  readonly pattern: RegExp;
  readonly names: readonly string[];
  readonly answer: (request: ContractRequest<Context>) => Promise<AnyReply>;
}

/** One function that answers every operation of the contract. It never rejects. */
export function createFetch<Ops, Context extends object>(
  rows: Rows<Ops>,
  handlers: Handlers<Ops, Context>,
  options: FetchOptions<Context>,
): (request: Request) => Promise<Response> {
  const { toContext, toFailure, answers = noAnswerCheck, bodyBytesMax = 1_048_576 } = options;
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- it binds the row and the handler of one id
  const toRoute = <O extends keyof Ops>(id: O): Route<Context> => {
    const row = rows[id];
    return { row, pattern: toPattern(row), names: listPathParameters(row), answer: bind(row, handlers[id]) };
  };
  const routes = listIds(rows).map((id) => toRoute(id));

  return async (request) => {
    try {
      const url = new URL(request.url);
      const { route, captures } = findRoute(routes, request.method, url.pathname);
      const reply = await route.answer({
        readBody: () => readJson(request, bodyBytesMax),
        readText: createTextReader(request, url, route.names, captures),
        signal: request.signal,
        context: toContext(request),
      });
      return toResponse(route.row, reply, request.signal, answers, toFailure);
    } catch (error) {
      const { status, headers, body } = toFailure(error);
      return Response.json(body, { status, ...(headers === undefined ? {} : { headers }) });
    }
  };
}

function findRoute<Context>(
  routes: readonly Route<Context>[],
  method: string,
  path: string,
): { route: Route<Context>; captures: readonly string[] } {
  const matching = routes.flatMap((route) => {
    const found = route.pattern.exec(path);
    return found === null ? [] : { route, captures: found.slice(1) };
  });
  const asked = method === "HEAD" ? "GET" : method;
  const match = matching.find(({ route }) => route.row.method === asked);
  if (match !== undefined) return match;
  if (matching.length === 0) throw new Refusal(404, `There is nothing at ${path.slice(0, 128)}.`);
  const allow = matching.map(({ route }) => route.row.method).join(", ");
  throw new Refusal(405, `${method} is not offered here. Allowed: ${allow}.`, { allow });
}

function createTextReader(
  { headers }: Request,
  { searchParams }: URL,
  names: readonly string[],
  captures: readonly string[],
): ReadText {
  return (place, name) => {
    switch (place) {
      case "path":
        return captures[names.indexOf(name)];
      case "query": {
        const values = searchParams.getAll(name);
        return values.length > 1 ? values : values[0];
      }
      case "header":
        return headers.get(name) ?? undefined;
    }
  };
}

async function readJson(request: Request, bytesMax: number): Promise<unknown> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new Refusal(415, "'Content-Type' must be 'application/json'.");
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let size = 0;
  let text = "";
  try {
    for await (const piece of request.body ?? []) {
      size += piece.byteLength;
      if (size > bytesMax) throw new Refusal(413, `The body is larger than ${bytesMax} bytes.`);
      text += decoder.decode(piece, { stream: true });
    }
    return JSON.parse(text + decoder.decode());
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError)
      throw new Refusal(400, "The body is not valid JSON.");
    throw error;
  }
}

function toResponse(
  row: AnyRow,
  { status, headers: given, body, stream }: AnyReply,
  signal: AbortSignal,
  answers: AnswerCheck,
  toFailure: (error: unknown) => Failure,
): Response {
  const headers = new Headers();
  for (const [name, value] of listHeaders(given)) headers.set(name, value);
  const type = stream === undefined ? (toWholeType(row, status) ?? "application/json") : "text/event-stream";
  headers.set("content-type", `${type}; charset=utf-8`);
  answers.answer(row, { status, type, headers: Object.fromEntries(headers), body });
  if (stream === undefined) {
    return new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });
  }
  headers.set("cache-control", "no-store, no-transform");
  const events = toEventBody(stream, {
    signal,
    check: answers.events(row),
    end: row.responses[status]?.end,
    toFailure: (error) => JSON.stringify(toFailure(error).body),
  });
  return new Response(events, { status, headers });
}
