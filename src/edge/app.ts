import { type AnswerCheck, noAnswerCheck } from "@clawgate/contract";
import Koa, { type Context, type Middleware } from "koa";
import compose from "koa-compose";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type Handlers, type OperationRow, operations } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Metrics } from "../base/metrics.ts";
import { checkAnswers } from "./answer-check.ts";
import type { Entry } from "./authenticate.ts";
import { ConstantFiles } from "./constant-file.ts";
import type { DispatchParts } from "./dispatch.ts";
import { toErrorReply } from "./error-reply.ts";
import { findFramingFault } from "./framing.ts";
import { allowOrigins, createOriginCheck, type OriginRules } from "./origin.ts";
import { type Passage, type Passages, toCommonHeaders } from "./passage.ts";
import type { SignIn } from "./proxy-user.ts";
import { createRoutes, listSecuredPaths, type Routes } from "./routes.ts";

export interface AppParts extends Omit<DispatchParts, "answers" | "files"> {
  readonly handlers: Handlers;
  readonly entry: Entry;
  /** Asked first, where a proxy in front signs people in. */
  readonly signIn: SignIn | undefined;
  readonly origins: OriginRules;
  readonly isEnabled: (endpoint: string) => boolean;
  readonly checkAnswers: "throw" | "count" | "off";
  readonly passages: Passages;
  /** Connections whose next request is not looked at. */
  readonly condemned: WeakSet<Socket>;
  /** Why a handshake that has come this far became no connection; undefined for what is none. */
  readonly explainHandshake: (request: IncomingMessage) => GatewayError | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * The life of a request, from top to bottom: framing, host and origin, preflight, token, path, method; then, in
 * dispatch.ts, media type, size, JSON, contract and handler. Every refusal is thrown and becomes an answer in
 * `answerErrors`.
 */
export function createAnswer(parts: AppParts): Answer {
  const answers = checkAnswers({ mode: parts.checkAnswers, log: parts.log, metrics: parts.metrics });
  const { condemned } = parts;
  const app = new Koa();
  app.use(ignoreCondemned(condemned));
  app.use(beginRequest(parts.passages));
  app.use(answerErrors(answers));
  app.use(refuseAmbiguity(createOriginCheck(parts.origins), condemned));
  app.use(allowOrigins(parts.origins.allowedOrigins));
  app.use(requireToken(parts));
  app.use(refuseWhileStopping(parts.passages));
  const routes = createRoutes(parts.handlers, parts.isEnabled, {
    ...parts,
    answers,
    files: new ConstantFiles(parts.log),
  });
  app.use(route(routes, parts.explainHandshake));
  app.use(refusePath(routes, parts.log));
  app.on("error", (error) => parts.log.error({ err: error }, "answer not written"));
  return toAnswer(app);
}

/**
 * Koa's own callback would write what a middleware leaves to it, which is nothing, and watch each answer and its connection
 * for their end, which the passage does: that watch would be two kilobytes for each stream.
 */
function toAnswer(app: Koa): Answer {
  const run = compose(app.middleware);
  return async (request, response) => {
    const ctx = app.createContext(request, response);
    response.statusCode = 404;
    try {
      await run(ctx);
    } catch (error) {
      ctx.onerror(error instanceof Error ? error : new Error(String(error)));
    }
  };
}

function beginRequest(passages: Passages): Middleware {
  return (ctx, next) => {
    const passage = passages.begin(ctx.res);
    ctx.state = passage;
    ctx.res.on("close", () => passages.end(passage, ctx));
    return next();
  };
}

function answerErrors(answers: AnswerCheck): Middleware {
  return (ctx, next) =>
    // Not caught by `await`, which would throw it once more: of a refusal that is a tenth.
    next().catch((cause: unknown) => {
      const error = GatewayError.from(cause);
      try {
        answerError(ctx, error, answers);
      } catch (violation) {
        // What is no error of this operation becomes one of every operation.
        answerError(ctx, GatewayError.from(violation), noAnswerCheck);
      }
    });
}

/**
 * Written as answers are (see dispatch.ts): where there is too much to do, refusals are most of what is done. Throws what
 * the check throws, and has written nothing then.
 */
function answerError(ctx: Context, error: GatewayError, answers: AnswerCheck): void {
  const passage: Passage = ctx.state;
  passage.fail(error);
  const { status, headers: own, text } = toErrorReply(error);
  const headers: Record<string, string> = { ...toCommonHeaders(passage.requestId), ...own };
  const { operation } = passage;
  // Where the client has left there is no answer, so the contract says nothing about it.
  if (operation !== undefined && status !== 499) {
    const row: OperationRow = operations[operation];
    answers.answer(row, { status, type: "application/json", headers: { ...ctx.res.getHeaders(), ...headers } });
  }
  if (ctx.res.headersSent) return;
  // A text of as many characters as bytes is ASCII, which need not be encoded.
  const isAscii = headers["content-length"] === String(text.length);
  ctx.res.writeHead(status, headers).end(text, isAscii ? "latin1" : "utf8");
}

/** What follows an ambiguous request on its connection may be part of the same trick, and is not looked at. */
function ignoreCondemned(condemned: WeakSet<Socket>): Middleware {
  return (ctx, next) => {
    if (!condemned.has(ctx.req.socket)) return next();
    return undefined;
  };
}

function refuseAmbiguity(checkOrigin: ReturnType<typeof createOriginCheck>, condemned: WeakSet<Socket>): Middleware {
  return (ctx, next) => {
    const fault = findFramingFault(ctx.req);
    if (fault !== undefined) {
      condemned.add(ctx.req.socket);
      ctx.set("connection", "close");
      throw fault;
    }
    checkOrigin(ctx.req);
    return next();
  };
}

/** Under `/v1` nothing is answered without a token, not even that a path does not exist. */
function requireToken({ entry, signIn }: AppParts): Middleware {
  const secured = listSecuredPaths();
  return (ctx, next) => {
    const needed = ctx.path === "/v1" || ctx.path.startsWith("/v1/") || secured.has(ctx.path);
    if (!needed) return next();
    const { authorization } = ctx.req.headers;
    const passage: Passage = ctx.state;
    const principal = entry.enter(authorization, passage, signIn?.(ctx.req));
    passage.admit(principal);
    entry.assertCurrent(principal, passage);
    return next();
  };
}

function refuseWhileStopping(passages: Passages): Middleware {
  return (ctx, next) => {
    if (!passages.stopping || ctx.path === "/healthz") return next();
    ctx.set("connection", "close");
    throw new GatewayError("shutting_down", "The gateway is stopping.");
  };
}

/** A path without parameters is looked up; the router, which tries one pattern after the other, knows all. */
function route({ exact, router }: Routes, explainHandshake: AppParts["explainHandshake"]): Middleware {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the router asks for a context that it makes itself
  const search = router.routes() as Middleware;
  return (ctx, next) => {
    // The one path that a handshake goes to has a page too.
    if (ctx.path === "/") refuseHandshake(ctx, explainHandshake);
    return (exact.get(ctx.path)?.get(ctx.method) ?? search)(ctx, next);
  };
}

function refuseHandshake(ctx: Context, explainHandshake: AppParts["explainHandshake"]): void {
  const fault = explainHandshake(ctx.req);
  if (fault === undefined) return;
  ctx.set("connection", "close");
  throw fault;
}

/** What is off answers as what does not exist. Whoever runs the gateway is told once, and what to do. */
function refusePath({ off }: Routes, log: Log): (ctx: Context) => never {
  const told = new Set<string>();
  return (ctx) => {
    // The router leaves here the routes of the path.
    const matched: readonly { methods: string[] }[] | undefined = ctx["matched"];
    const allowed = new Set(matched?.flatMap(({ methods }) => methods));
    if (allowed.size > 0) {
      const allow = [...allowed].toSorted().join(", ");
      throw new GatewayError("method_not_allowed", `${ctx.method} is not offered here. Allowed: ${allow}.`, {
        headers: { allow },
      });
    }
    const endpoint = off.find(({ path }) => path.test(ctx.path))?.endpoint;
    if (endpoint !== undefined && !told.has(endpoint)) {
      told.add(endpoint);
      const key = `gateway.http.endpoints.${endpoint}.enabled`;
      log.info({ key, problem: "is false: set it to true, then `clawgate reload`" }, "called endpoint is disabled");
    }
    throw new GatewayError("not_found", `There is nothing at ${ctx.method} ${ctx.path.slice(0, 128)}.`);
  };
}
