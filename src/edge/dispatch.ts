import {
  type AnswerCheck,
  assertValid,
  createParameterReader,
  RequestViolation,
  type Row,
  toWholeType,
} from "@clawgate/contract";
import type { Context, Middleware } from "koa";
import type { Call, EventStream, Handler, OperationId, OperationRow, OperationTypes } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import { type Brake, createBrake } from "../base/listener.ts";
import { readJson } from "./body.ts";
import { toErrorReply } from "./error-reply.ts";
import { createHeaderReader, createTextReader } from "./parameters.ts";
import { type SseOptions, writeSse } from "./sse.ts";
import type { RequestState } from "./state.ts";

export interface DispatchParts {
  readonly bodyBytesMax: number;
  readonly keepAlive: SseOptions<unknown>["keepAlive"];
  readonly answers: AnswerCheck;
  /** Says more about a body than its guard can; undefined leaves it to the guard. */
  readonly explain: Partial<Record<OperationId, (body: unknown) => GatewayError | undefined>>;
}

/** What every handler gives, once the table has said which. */
interface AnyReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly stream?: EventStream<unknown>;
}

/** Binds one row of the operation table to its handler: parameters and body in, answer or stream out. */
export function createDispatch<O extends OperationId>(
  row: Row<OperationTypes, O>,
  handler: Handler<O>,
  parts: DispatchParts,
): Middleware {
  const toText = createTextReader(row);
  const readParameters = createParameterReader(row);
  const explain = parts.explain[row.id];
  return async (ctx) => {
    const state = ctx.state as RequestState;
    state.operation = row.id;
    const body = row.hasBody ? await readJson(ctx.req, ctx.res, parts.bodyBytesMax) : undefined;
    const parameters = readParameters(toText(ctx));
    assertValid(row.checkBody, body, (violation) => explain?.(body) ?? new RequestViolation(violation, "body"));
    const { requestId, signal } = state;
    const brake = createBrake();
    const call = { body, parameters, header: createHeaderReader(ctx), requestId, signal, flow: brake };
    // The guards above have made the call what its type says; the handler's type has made the reply what the contract says.
    const reply = (await handler(call as unknown as Call<O>)) as unknown as AnyReply;
    writeReply(ctx, row, reply, brake, parts);
  };
}

function writeReply(
  ctx: Context,
  row: OperationRow,
  reply: AnyReply,
  brake: Brake,
  { answers, keepAlive }: DispatchParts,
): void {
  for (const [name, value] of Object.entries(reply.headers ?? {})) if (value !== undefined) ctx.set(name, value);
  if (reply.stream !== undefined) return writeStream(ctx, row, reply.stream, brake, answers, keepAlive);
  const type = toWholeType(row, reply.status) ?? "application/json";
  answers.answer(row, { status: reply.status, type, headers: ctx.response.headers, body: reply.body });
  ctx.status = reply.status;
  ctx.type = `${type}; charset=utf-8`;
  ctx.body = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body);
}

function writeStream(
  ctx: Context,
  row: OperationRow,
  stream: EventStream<unknown>,
  brake: Brake,
  answers: AnswerCheck,
  keepAlive: DispatchParts["keepAlive"],
): void {
  const state = ctx.state as RequestState;
  const type = "text/event-stream";
  try {
    answers.answer(row, { status: 200, type, headers: ctx.response.headers });
  } catch (violation) {
    // What the stream would have told is under way already.
    state.cut(violation);
    throw violation;
  }
  ctx.status = 200;
  ctx.set("content-type", `${type}; charset=utf-8`);
  // `no-transform` and the buffering header keep proxies from collecting the events.
  ctx.set("cache-control", "no-store, no-transform");
  ctx.set("x-accel-buffering", "no");
  // Written here and not by Koa, whose body would be one more stream between the events and the socket.
  ctx.respond = false;
  ctx.flushHeaders();
  void writeSse(stream, ctx.res, {
    keepAlive,
    check: answers.events(row),
    toErrorJson(error) {
      const failure = GatewayError.from(error);
      state.error = failure;
      return JSON.stringify(toErrorReply(failure).body);
    },
    signal: state.signal,
    brake,
  });
}
