import { Router } from "koa-router";
import { type Handler, type Handlers, type OperationId, type OperationRow, operations } from "../base/contract.ts";
import { createDispatch, type DispatchParts } from "./dispatch.ts";

/** One route for each operation of the contract that is switched on. What is off has no route, as an unknown path. */
export function createRouter(
  handlers: Handlers,
  isEnabled: (endpoint: string) => boolean,
  parts: DispatchParts,
): Router {
  const router = new Router();
  for (const id of Object.keys(operations) as OperationId[]) {
    const row: OperationRow = operations[id];
    if (row.endpoint !== undefined && !isEnabled(row.endpoint)) continue;
    // The key and the handler belong together, which a loop over a table cannot say in types.
    const dispatch = createDispatch(id, row, handlers[id] as Handler<OperationId>, parts);
    const methods = row.method === "GET" ? ["GET", "HEAD"] : [row.method];
    router.register(toPattern(row), methods, dispatch, { pathAsRegExp: true });
  }
  return router;
}

/** The paths outside `/v1` that need a token too. */
export function listSecuredPaths(): ReadonlySet<string> {
  const rows: OperationRow[] = Object.values(operations);
  return new Set(rows.filter((row) => row.secured).map((row) => row.path));
}

/** A parameter takes one segment, or everything up to the end where the contract lets it hold slashes. */
function toPattern({ path, slashes }: OperationRow): RegExp {
  const pattern = path
    .split(/\{(\w+)\}/)
    .map((part, index) => (index % 2 === 0 ? RegExp.escape(part) : part === slashes ? "(.+)" : "([^/]+)"))
    .join("");
  return new RegExp(`^${pattern}$`);
}
