import { Readable } from "node:stream";
import { json } from "node:stream/consumers";
import {
  bind,
  createAnswerCheck,
  type Handlers,
  listHeaders,
  listIds,
  listPathParameters,
  type Rows,
  toEventBody,
  toPattern,
  toWholeType,
} from "@clawgate/contract";
import type { Middleware } from "koa";
import { Router } from "koa-router";
import { toFailure } from "./store.fixture.ts";

/** A contract as Koa middleware: what README.md shows. */
export function createKoaRoutes<Ops, Context extends object>(
  rows: Rows<Ops>,
  handlers: Handlers<Ops, Context>,
  context: Context,
): Middleware {
  const router = new Router();
  const answers = createAnswerCheck(({ id }, what) => {
    throw new Error(`${id}: ${what}`);
  });
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- it binds the row and the handler of one id
  const register = <O extends keyof Ops>(id: O): void => {
    const row = rows[id];
    const names = listPathParameters(row);
    const answer = bind(row, handlers[id]);
    const route: Middleware = async (ctx) => {
      const left = new AbortController();
      ctx.res.once("close", () => left.abort());
      const { status, headers, body, stream } = await answer({
        readBody: () => json(ctx.req),
        readText(place, name) {
          if (place === "query") return ctx.query[name];
          return place === "header" ? ctx.req.headers[name] : (ctx["captures"] as string[])[names.indexOf(name)];
        },
        signal: left.signal,
        context,
      });
      ctx.status = status;
      for (const [name, value] of listHeaders(headers)) ctx.set(name, value);
      ctx.type = stream === undefined ? (toWholeType(row, status) ?? "application/json") : "text/event-stream";
      answers.answer(row, { status, type: ctx.type, headers: ctx.response.headers, body });
      if (stream === undefined) ctx.body = JSON.stringify(body);
      else {
        const options = { signal: left.signal, check: answers.events(row), end: row.responses[status]?.end };
        const toData = (error: unknown): string => JSON.stringify(toFailure(error).body);
        ctx.body = Readable.from(toEventBody(stream, { ...options, toFailure: toData }));
      }
    };
    router.register(toPattern(row), [row.method], route, { pathAsRegExp: true });
  };
  for (const id of listIds(rows)) register(id);
  return async (ctx, next) => {
    try {
      await (router.routes() as Middleware)(ctx, next);
    } catch (error) {
      const { status, body } = toFailure(error);
      ctx.status = status;
      ctx.body = body;
    }
  };
}
