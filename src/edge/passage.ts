import type { Context } from "koa";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { OperationId, RunFacts } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import { createHexId } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import type { LoopState } from "../base/loop-watch.ts";
import type { RequestTimes } from "../base/metrics.ts";
import { anybody, type Principal } from "../base/principal.ts";
import type { TraceSpan, Tracing } from "../base/telemetry/tracing.ts";
import { LineBudget } from "./line-budget.ts";
import type { BodyShare } from "./body-budget.ts";
import { endRequestSpan, startRequestSpan } from "./request-span.ts";

/** One request that is under way. It is passed down, and told by those below which operation it is and what went wrong. */
export class Passage {
  readonly requestId: string;
  /** Of the client, as its socket or a trusted proxy says. */
  readonly address: string;
  /** Undefined unless requests are traced. */
  readonly span: TraceSpan | undefined;
  readonly #started = performance.now();
  readonly #controller = new AbortController();
  #operation: OperationId | undefined;
  #principal = anybody;
  #error: GatewayError | undefined;
  #facts: RunFacts | undefined;
  #body: BodyShare | undefined;

  constructor({ headers }: IncomingMessage, address: string, span: TraceSpan | undefined) {
    this.requestId = toRequestId(headers["x-request-id"]);
    this.address = address;
    this.span = span;
  }

  /** Aborts when the client leaves early, or when the gateway's patience at its end is over. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Undefined until the path and method are known. */
  get operation(): OperationId | undefined {
    return this.#operation;
  }

  /** What the client was told instead of an answer, or within a stream. */
  get error(): GatewayError | undefined {
    return this.#error;
  }

  /** Who calls; `anybody` until a secret was accepted, and where none is asked for. */
  get principal(): Principal {
    return this.#principal;
  }

  get facts(): RunFacts | undefined {
    return this.#facts;
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  reach(operation: OperationId): void {
    this.#operation = operation;
  }

  admit(principal: Principal): void {
    this.#principal = principal;
  }

  /** What the request was about, for its line in the log. */
  tell(facts: RunFacts): void {
    this.#facts = this.#facts === undefined ? facts : { ...this.#facts, ...facts };
  }

  fail(error: GatewayError): void {
    this.#error = error;
  }

  /** What the request's body takes of what there is for all; released at the latest when the request ends. */
  holdBody(share: BodyShare): void {
    this.#body = share;
  }

  releaseBody(): void {
    this.#body?.release();
  }

  /** Ends what the request has begun; its answer is another one then. */
  cut(reason: unknown): void {
    this.#controller.abort(reason);
  }
}

/** What a client may call its request. Two headers arrive as one with a comma in it. */
const requestIdPattern = /^[A-Za-z0-9._-]{1,64}$/;

function toRequestId(given: string | string[] | undefined): string {
  return typeof given === "string" && requestIdPattern.test(given) ? given : createRequestId();
}

export function createRequestId(): string {
  return `req_${createHexId()}`;
}

interface Connected {
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** The other end of the connection. An IPv4 address is one also where the socket is for both kinds. */
export function toPeer({ socket: { remoteAddress = "unknown" } }: Connected): string {
  if (!remoteAddress.includes(":")) return remoteAddress;
  return remoteAddress.replace(/^::ffff:(?=\d+\.)/, "").replace(/%[^%]*$/, "");
}

/** The other end is the client. `onForwarded` is told of the first request for which the other end says that it is not. */
export function createPeerReader(onForwarded?: (peer: string) => void): (request: IncomingMessage) => string {
  let tell = onForwarded;
  return (request) => {
    const peer = toPeer(request);
    if (tell !== undefined && request.headers["x-forwarded-for"] !== undefined) {
      tell(peer);
      tell = undefined;
    }
    return peer;
  };
}

/** What every answer says: whose it is, and that nothing is for a browser to keep, frame, guess at or execute. */
export function toCommonHeaders(requestId: string) {
  return {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-request-id": requestId,
  };
}

/** How long an answer may still take whose client will send no more: a client that leaves shall have ended its run within 200 ms. */
const leaveMs = 50;

export interface PassagesParts {
  readonly log: Log;
  readonly times: RequestTimes;
  readonly toAddress: (request: IncomingMessage) => string;
  readonly loop: Pick<LoopState, "hasStoodStill">;
  readonly tracing?: Tracing | undefined;
}

/** Which requests are under way, so that the end of the gateway can wait for them. */
export class Passages {
  readonly #passages = new Map<ServerResponse, Passage>();
  readonly #log: Log;
  readonly #plainLog: Log;
  readonly #times: RequestTimes;
  readonly #strangers: LineBudget;
  /** Where there is too much to do, most of what is done is to refuse, and a line is a tenth of that. */
  readonly #refused: LineBudget;
  readonly #toAddress: (request: IncomingMessage) => string;
  readonly #tracing: Tracing | undefined;
  readonly #loop: Pick<LoopState, "hasStoodStill">;
  #stopping = false;
  #emptied: PromiseWithResolvers<void> | undefined;

  constructor({ log, times, toAddress, loop, tracing }: PassagesParts) {
    this.#log = log;
    // What the line of a good request says is all made here, so that there is nothing to look for and hide.
    this.#plainLog = log.child({}, { redact: [] });
    this.#times = times;
    this.#strangers = new LineBudget(() => log, "too many requests without a key to log them one by one");
    this.#refused = new LineBudget(() => log, "too many refused calls to log them one by one");
    this.#toAddress = toAddress;
    this.#loop = loop;
    this.#tracing = tracing;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** How many requests are under way. */
  get size(): number {
    return this.#passages.size;
  }

  /** To be ended with `end` when the response is closed. */
  begin(response: ServerResponse): Passage {
    const request = response.req;
    // Once the connection is gone, nobody knows any more where it came from.
    const address = this.#toAddress(request);
    const span = this.#tracing && startRequestSpan(this.#tracing, request, address);
    const passage = new Passage(request, address, span);
    this.#passages.set(response, passage);
    return passage;
  }

  /**
   * The client will send no more. That is how clients leave, so a run ends; an answer that is no run, or is nearly
   * there, can still be taken by one that has ended only its half. Of an end that comes to light when the loop has stood
   * still nobody knows how old it is, and the client may have asked elsewhere since: that is no time to begin a run.
   */
  leave(response: ServerResponse): void {
    const passage = this.#passages.get(response);
    if (passage === undefined || response.writableEnded) return;
    const cut = (): void => {
      if (!response.writableEnded) passage.cut(new GatewayError("cancelled", "The client left before the run ended."));
    };
    if (this.#loop.hasStoodStill()) cut();
    else setTimeout(cut, leaveMs).unref();
  }

  /** To be called once the connection has taken the whole answer, or is gone: writes the line of the request. */
  end(passage: Passage, ctx: Context): void {
    const { res } = ctx;
    this.#passages.delete(res);
    passage.releaseBody();
    if (!res.writableFinished) passage.cut(new GatewayError("cancelled", "The client left before the run ended."));
    if (this.#passages.size === 0) this.#noteEmpty();
    if (!res.headersSent) {
      // Nothing was answered; what stands in the response is Koa's default.
      const error = passage.error ?? new GatewayError("cancelled", "The client left before it was answered.");
      passage.fail(error);
      res.statusCode = error.status;
    }
    const { operation, seconds } = passage;
    this.#times.add({ operation: operation ?? "none", status: res.statusCode }, seconds);
    this.#write(ctx, passage, seconds);
    if (passage.span !== undefined) endRequestSpan(passage.span, ctx, passage);
  }

  /** Refuses new calls from now on; resolves when the last request has ended. */
  drain(): Promise<void> {
    this.#stopping = true;
    return this.idle();
  }

  /** Resolves when no request is under way. */
  async idle(): Promise<void> {
    if (this.#passages.size > 0) await (this.#emptied ??= Promise.withResolvers()).promise;
    this.#strangers.tell();
    this.#refused.tell();
  }

  #noteEmpty(): void {
    this.#emptied?.resolve();
    this.#emptied = undefined;
  }

  /** Ends what is still under way. */
  cut(): void {
    for (const passage of this.#passages.values()) {
      passage.cut(new GatewayError("shutting_down", "The gateway stopped before the run ended.", { retry: false }));
    }
  }

  #write(ctx: Context, { requestId, address, operation, principal, error, facts }: Passage, seconds: number): void {
    if (principal === anybody && error?.code !== "internal_error" && !this.#strangers.take()) return;
    if (error?.code === "overloaded" && error.cause === undefined && !this.#refused.take()) return;
    const { res } = ctx;
    const line: Record<string, unknown> = { requestId, address, ...principal.logFields, operation, method: ctx.method };
    if (facts !== undefined) Object.assign(line, facts);
    if (operation === undefined) line["path"] = ctx.path.slice(0, 128);
    line["status"] = res.statusCode;
    line["ms"] = Math.round(seconds * 1e4) / 10;
    const retries = Number(ctx.get("x-stainless-retry-count"));
    if (retries > 0) line["retries"] = retries;
    if (!res.writableFinished || error?.code === "cancelled") line["left"] = true;
    if (error !== undefined) line["code"] = error.code;
    if (error?.code === "internal_error") this.#log.error({ ...line, err: error.cause ?? error }, "request");
    else if (error?.cause instanceof Error && (error.status >= 500 || error.code === "image_fetch_failed"))
      this.#log.warn({ ...line, cause: error.cause.message }, "request");
    else this.#plainLog.info(line, "request");
  }
}
