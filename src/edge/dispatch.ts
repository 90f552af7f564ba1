import {
  type AnswerCheck,
  type AnyReply,
  bind,
  listHeaders,
  listPathParameters,
  type ReadText,
  toWholeType,
} from "@clawgate/contract";
import type { Context, Middleware } from "koa";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { EventStream, Handler, OperationId, OperationRow, Row } from "../base/contract.ts";
import { GatewayError, insufficientScope } from "../base/errors.ts";
import { type Brake, createBrake } from "../base/listener.ts";
import type { LoopState } from "../base/loop-watch.ts";
import type { BodyBudget } from "./body-budget.ts";
import { readJson } from "./body.ts";
import type { ConstantFiles } from "./constant-file.ts";
import { toErrorReply } from "./error-reply.ts";
import { type Passage, toCommonHeaders } from "./passage.ts";
import { markCommon } from "./slow-readers.ts";
import { type SseOptions, writeSse } from "./sse.ts";

export interface DispatchParts {
  readonly bodyBytesMax: number;
  /** What the bodies of all requests share. */
  readonly bodies: BodyBudget;
  readonly keepAlive: SseOptions<unknown>["keepAlive"];
  readonly answers: AnswerCheck;
  readonly files: ConstantFiles;
  readonly room: Room;
  readonly loop: Pick<LoopState, "hasStoodStill">;
  /** Says more about a body than its check can; undefined leaves it to the check. */
  readonly diagnose: Partial<Record<OperationId, (body: unknown) => GatewayError | undefined>>;
}

/** Throws `overloaded` where there is none for an operation that takes more than a moment. */
export interface Room {
  assertRoom(principal: string): void;
}

/** Binds one row of the operation table to its handler: parameters and body in, answer or stream out. */
export function createDispatch<O extends OperationId>(
  row: Row<O>,
  handler: Handler<O>,
  parts: DispatchParts,
): Middleware {
  const toText = createTextReader(row);
  const isHeavy = row.extensions["x-heavy"] === true;
  const answer = bind(row, handler, { diagnose: parts.diagnose[row.id] });
  return async (ctx) => {
    const passage: Passage = ctx.state;
    passage.reach(row.id);
    const { requestId, address, principal } = passage;
    assertAllowed(row, principal);
    // Before anything of the body is read: a refusal has to cost less than what it refuses.
    if (isHeavy) parts.room.assertRoom(principal.name);
    // Made when it is asked for, and nobody else asks.
    const { signal } = passage;
    const asked = principal.quota?.takeRequest();
    if (asked !== undefined) await asked;
    const brake = createBrake();
    const reply = await answer({
      async readBody() {
        // Whoever has left gives nothing back any more.
        signal.throwIfAborted();
        const share = parts.bodies.open();
        passage.holdBody(share);
        const value = await readJson(ctx.req, ctx.res, { bytesMax: parts.bodyBytesMax, share });
        if (parts.loop.hasStoodStill()) await untilEndIsSeen(signal);
        return value;
      },
      readText: toText(ctx),
      signal,
      context: {
        header: createHeaderReader(ctx),
        requestId,
        address,
        principal,
        trace: passage.span?.context,
        cancel: (reason) => passage.cut(reason),
        tell: (facts) => passage.tell(facts),
        flow: brake,
      },
    });
    // An answer that waits to be read needs nothing of its request any more; a stream's run goes on with it.
    if (reply.stream === undefined) passage.releaseBody();
    writeReply(ctx, row, reply, brake, parts);
  };
}

/** The one that is going on, the one that reads the end of a connection or its reset, and the one that tells of it. */
const turnsToEnd = 3;

/**
 * What a connection has brought while the loop stood still is read before its end, which may be as old. Throws for who has
 * left: what is begun for nobody may have been asked for elsewhere by now.
 */
async function untilEndIsSeen(signal: AbortSignal): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- one turn after the other
  for (let turn = 0; turn < turnsToEnd; turn += 1) await nextTurn();
  signal.throwIfAborted();
}

/** A principal, of whose scopes the contract's names are asked. */
interface Caller {
  readonly name: string;
  readonly scopes: ReadonlySet<string>;
}

function assertAllowed({ scopes }: OperationRow, { name, scopes: granted }: Caller): void {
  const missing = scopes.find((scope) => !granted.has(scope));
  if (missing !== undefined) throw insufficientScope(name, missing);
}

/** Where the contract's parameters stand in a request that the router has matched. */
function createTextReader(row: OperationRow): (ctx: Context) => ReadText {
  const order = listPathParameters(row);
  return (ctx) => (place, name) => {
    switch (place) {
      case "path": {
        // The router leaves here what it has captured, in the order of the path.
        const captures: readonly string[] = ctx["captures"];
        return captures[order.indexOf(name)];
      }
      case "query":
        return ctx.query[name];
      case "header":
        return ctx.req.headers[name];
    }
  };
}

/** See `Call.header` in contract.ts. */
function createHeaderReader({ req }: Context): (name: string) => string | undefined {
  return (name) => {
    const values = req.headersDistinct[name] ?? [];
    if (values.length > 1)
      throw new GatewayError("invalid_http", `The header '${name}' is there twice.`, { param: name });
    return values[0] === "" ? undefined : values[0];
  };
}

/**
 * Written here and not by Koa, whose body would be one more stream between a stream's events and the socket, and whose
 * header by header would cost a whole answer more than its check.
 */
function writeReply(ctx: Context, row: OperationRow, reply: AnyReply, brake: Brake, parts: DispatchParts): void {
  const { requestId }: Passage = ctx.state;
  const headers: Record<string, string> = { ...toCommonHeaders(requestId) };
  for (const [name, value] of listHeaders(reply.headers)) headers[name] = value;
  if (reply.stream !== undefined) return writeStream(ctx, row, headers, reply.stream, brake, parts);
  const { status, body } = reply;
  const type = toWholeType(row, status) ?? "application/json";
  const constant = constants.get(reply);
  parts.answers.answer(row, { status, type, headers, ...(constant === undefined ? { body } : {}) });
  const text = constant ?? toBody(reply);
  headers["content-type"] = `${type}; charset=utf-8`;
  if (headers["etag"] !== undefined && Buffer.isBuffer(text)) return parts.files.send(ctx.req, ctx.res, headers, text);
  const size = Buffer.byteLength(text);
  headers["content-length"] = String(size);
  if (constant !== undefined && constant.length > longChars) markCommon(ctx.res);
  // A text of as many characters as bytes is ASCII, which need not be encoded.
  ctx.res.writeHead(status, headers).end(text, size === text.length ? "latin1" : "utf8");
}

/** The bodies of replies that never change. */
const constants = new WeakMap<AnyReply, Buffer>();

const longChars = 65_536;

/** A handler that gives the same frozen reply each time says that it never changes: its body is made and checked once. */
function toBody(reply: AnyReply): string | Buffer {
  const text = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body);
  // A long one is made bytes here: Node would keep the text beside them until the client has taken all.
  if (!Object.isFrozen(reply)) return text.length > longChars ? Buffer.from(text) : text;
  const bytes = Buffer.from(text);
  constants.set(reply, bytes);
  return bytes;
}

function writeStream(
  ctx: Context,
  row: OperationRow,
  headers: Record<string, string>,
  stream: EventStream<unknown>,
  brake: Brake,
  { answers, keepAlive }: DispatchParts,
): void {
  const passage: Passage = ctx.state;
  const type = "text/event-stream";
  try {
    answers.answer(row, { status: 200, type, headers });
  } catch (violation) {
    // What the stream would have told is under way already.
    passage.cut(violation);
    throw violation;
  }
  headers["content-type"] = `${type}; charset=utf-8`;
  // `no-transform` and the buffering header keep proxies from collecting the events.
  headers["cache-control"] = "no-store, no-transform";
  headers["x-accel-buffering"] = "no";
  ctx.res.writeHead(200, headers).flushHeaders();
  // There is a head to be seen, and nobody to wait for the events.
  if (ctx.method === "HEAD") return void ctx.res.end();
  void writeSse(stream, ctx.res, {
    keepAlive,
    check: answers.events(row),
    toErrorJson(error) {
      const failure = GatewayError.from(error);
      passage.fail(failure);
      return toErrorReply(failure).text;
    },
    signal: passage.signal,
    brake,
  });
}
