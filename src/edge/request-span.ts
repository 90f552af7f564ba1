import type { Context } from "koa";
import type { IncomingMessage } from "node:http";
import { type OperationId, operations, type OperationRow } from "../base/contract.ts";
import type { GatewayError } from "../base/errors.ts";
import type { Principal } from "../base/principal.ts";
import { names } from "../base/telemetry/attribute-names.ts";
import type { TraceSpan, Tracing } from "../base/telemetry/tracing.ts";

/** Asked every few seconds by machines, and no part of anything. */
const probes = /^\/(?:healthz|readyz|metrics)(?:\?|$)/;

/** The span of a request, part of the client's if its headers name one. */
export function startRequestSpan(
  tracing: Tracing,
  { method = "", url = "", headers }: IncomingMessage,
  address: string,
): TraceSpan | undefined {
  if (probes.test(url)) return undefined;
  return tracing.start(method, "server", tracing.read(headers), {
    [names.httpMethod]: method,
    [names.urlScheme]: "http",
    [names.clientAddress]: address,
  });
}

/** What became of a request. */
interface Outcome {
  readonly requestId: string;
  readonly operation: OperationId | undefined;
  readonly principal: Principal;
  readonly error: GatewayError | undefined;
}

/** Whoever leaves early has no answer; what went wrong within a stream is a failure though its status was none. */
export function endRequestSpan(span: TraceSpan, { res, path }: Context, outcome: Outcome): void {
  const { operation, requestId, principal, error } = outcome;
  const row: OperationRow | undefined = operation && operations[operation];
  span.set({
    [names.httpStatus]: res.statusCode,
    [names.requestId]: requestId,
    [names.key]: principal.logFields.key,
    // A path may have a session's key in it, and a key somebody's name.
    ...(row === undefined ? { [names.urlPath]: path.slice(0, 256) } : { [names.httpRoute]: row.path }),
  });
  if (row !== undefined) span.rename(`${row.method} ${row.path}`);
  span.end(toFailure(res.writableFinished, error));
}

/** What the client did wrong is no failure of the server's. One that left its half of the connection may get an answer. */
function toFailure(isWhole: boolean, error: GatewayError | undefined): string | undefined {
  if (!isWhole || error?.code === "cancelled") return "cancelled";
  return error !== undefined && error.status >= 500 ? error.code : undefined;
}
