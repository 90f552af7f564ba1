import { type AnswerCheck, noAnswerCheck } from "@clawgate/contract";
import Koa, { type Context, type Middleware } from "koa";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Audit } from "../base/audit/audit.ts";
import { isStrong } from "../base/config/secret.ts";
import { type Handlers, type OperationRow, operations } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Metrics } from "../base/metrics.ts";
import { operator, type Principal } from "../base/principal.ts";
import { checkAnswers } from "./answer-check.ts";
import { type Authenticate, toToken } from "./authenticate.ts";
import { ConstantFiles } from "./constant-file.ts";
import type { DispatchParts } from "./dispatch.ts";
import { toErrorReply } from "./error-reply.ts";
import { findFramingFault } from "./framing.ts";
import type { Lockout } from "./lockout.ts";
import { allowOrigins, createOriginCheck, type OriginRules } from "./origin.ts";
import { type Passage, type Passages, toCommonHeaders } from "./passage.ts";
import type { SignIn } from "./proxy-user.ts";
import { createRoutes, listSecuredPaths, type Routes } from "./routes.ts";

export interface AppParts extends Omit<DispatchParts, "answers" | "files"> {
  readonly handlers: Handlers;
  readonly authenticate: Authenticate;
  /** Asked first, where a proxy in front signs people in. */
  readonly signIn: SignIn | undefined;
  readonly origins: OriginRules;
  readonly isEnabled: (endpoint: string) => boolean;
  readonly checkAnswers: "throw" | "count" | "off";
  readonly lockout: Lockout;
  /** Whether the operator's secret could be guessed, so that the lock holds for it too. */
  readonly guessable: boolean;
  readonly passages: Passages;
  /** Connections whose next request is not looked at. */
  readonly condemned: WeakSet<Socket>;
  /** Why a handshake that has come this far became no connection; undefined for what is none. */
  readonly explainHandshake: (request: IncomingMessage) => GatewayError | undefined;
  /** Told of secrets that are wrong. */
  readonly audit: Audit;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Of those the parts that say who gets in. */
export type EntryParts = Pick<
  AppParts,
  "authenticate" | "signIn" | "lockout" | "guessable" | "audit" | "metrics" | "log"
>;

/** Who comes, as the log and the lockout know them. */
type Caller = Pick<Passage, "address" | "requestId">;

/** The same checks, counts, locks and records as those of a request. */
export interface Entry {
  /** Whose secret it is. Throws `invalid_api_key` or `auth_locked`. */
  enter(authorization: string | undefined, caller: Caller): Principal;
  /** Throws `invalid_api_key` for a key that has ended. */
  assertCurrent(principal: Principal, caller: Caller): void;
}

/**
 * The life of a request, from top to bottom: framing, host and origin, preflight, token, path, method; then, in
 * dispatch.ts, media type, size, JSON, contract and handler. Every refusal is thrown and becomes an answer in
 * `answerErrors`.
 */
export function createApp(parts: AppParts): Koa {
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
  app.on("error", (error: NodeJS.ErrnoException) => {
    // A client that leaves is no failure of the gateway.
    if (error.code === "ERR_STREAM_PREMATURE_CLOSE" || error.code === "ECONNRESET" || error.code === "EPIPE") return;
    parts.log.error({ err: error }, "answer not written");
  });
  return app;
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
  return async (ctx, next) => {
    try {
      await next();
    } catch (cause) {
      const error = GatewayError.from(cause);
      try {
        answerError(ctx, error, answers);
      } catch (violation) {
        // What is no error of this operation becomes one of every operation.
        answerError(ctx, GatewayError.from(violation), noAnswerCheck);
      }
    }
  };
}

/**
 * Written as answers are (see dispatch.ts): where there is too much to do, refusals are most of what is done. Throws what
 * the check throws, and has written nothing then.
 */
function answerError(ctx: Context, error: GatewayError, answers: AnswerCheck): void {
  const passage: Passage = ctx.state;
  passage.fail(error);
  const { status, headers: own, body } = toErrorReply(error);
  const headers: Record<string, string> = { ...toCommonHeaders(passage.requestId), ...own };
  const { operation } = passage;
  // Where the client has left there is no answer, so the contract says nothing about it.
  if (operation !== undefined && status !== 499) {
    const row: OperationRow = operations[operation];
    answers.answer(row, { status, type: "application/json", headers: { ...ctx.res.getHeaders(), ...headers } });
  }
  ctx.respond = false;
  if (ctx.res.headersSent) return;
  const text = JSON.stringify(body);
  headers["content-type"] = "application/json; charset=utf-8";
  headers["content-length"] = String(Buffer.byteLength(text));
  ctx.res.writeHead(status, headers).end(text);
}

/** What follows an ambiguous request on its connection may be part of the same trick, and is not looked at. */
function ignoreCondemned(condemned: WeakSet<Socket>): Middleware {
  return (ctx, next) => {
    if (!condemned.has(ctx.req.socket)) return next();
    ctx.respond = false;
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
function requireToken(parts: AppParts): Middleware {
  const { authenticate, signIn } = parts;
  const secured = listSecuredPaths();
  return (ctx, next) => {
    const needed = ctx.path === "/v1" || ctx.path.startsWith("/v1/") || secured.has(ctx.path);
    if (!needed) return next();
    const { authorization } = ctx.req.headers;
    const passage: Passage = ctx.state;
    const principal = signIn?.(ctx.req) ?? authenticate(authorization);
    if (principal === undefined) return refuseEntry(parts, passage, toToken(authorization));
    if (isGuessable(parts, principal, authorization)) assertOpen(parts, passage);
    passage.admit(principal);
    assertCurrent(parts, passage);
    return next();
  };
}

/** The way in for whoever comes by another door than a request's header. */
export function createEntry(parts: EntryParts): Entry {
  const { authenticate } = parts;
  return {
    enter(authorization, caller) {
      const principal = authenticate(authorization);
      if (principal === undefined) return refuseEntry(parts, caller, toToken(authorization));
      if (isGuessable(parts, principal, authorization)) assertOpen(parts, caller);
      return principal;
    },
    assertCurrent: (principal, caller) => assertCurrent(parts, { ...caller, principal }),
  };
}

/** Whether the right secret was one that could be guessed. Of a key only its digest is configured, so it is looked at here. */
function isGuessable(
  { guessable, lockout }: EntryParts,
  principal: Principal,
  authorization: string | undefined,
): boolean {
  if (principal === operator) return guessable;
  if (!lockout.locksAny) return false;
  const token = toToken(authorization);
  // Whom a proxy has signed in has sent none.
  return token !== undefined && !isStrong(token);
}

/** What has not the form of a secret is no guess, and is not counted. */
function refuseEntry(parts: EntryParts, passage: Caller, token: string | undefined): never {
  const { signIn, lockout, metrics, audit, log } = parts;
  const { address, requestId } = passage;
  const attempt = token === undefined ? undefined : lockout.fail(address);
  if (attempt === "locks") {
    metrics.lockout();
    audit.record({ event: "lockout", outcome: "done", address, requestId });
    log.warn({ address }, "address locked after too many wrong keys");
  }
  if (attempt === "locks" || attempt === "locked") assertOpen(parts, passage);
  audit.record({ event: "sign-in", outcome: "refused", address, requestId });
  metrics.authFailure(attempt === undefined ? "missing" : "wrong");
  throw new GatewayError(
    "invalid_api_key",
    signIn === undefined
      ? "Missing or wrong API key. Send 'Authorization: Bearer <token>'; 'clawgate token' prints the token."
      : "Nobody is signed in. Call through the proxy in front of this gateway.",
  );
}

function assertOpen({ lockout, metrics, audit }: EntryParts, { address, requestId }: Caller): void {
  try {
    lockout.assertOpen(address);
  } catch (refusal) {
    audit.record({ event: "sign-in", outcome: "refused", address, requestId });
    metrics.authFailure("locked");
    throw refusal;
  }
}

/** Only who has the right key is told that it has ended. */
function assertCurrent(
  { audit, metrics }: EntryParts,
  { principal, address, requestId }: Caller & Pick<Passage, "principal">,
): void {
  const { name, expiresAt } = principal;
  if (expiresAt === undefined || Date.now() < expiresAt) return;
  audit.record({ event: "sign-in", outcome: "refused", address, requestId, key: name });
  metrics.authFailure("expired");
  const ended = new Date(expiresAt).toISOString();
  throw new GatewayError(
    "invalid_api_key",
    `The API key '${name}' expired at ${ended}. Ask its operator for a new one.`,
  );
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
