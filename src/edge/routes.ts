import { listIds, toPattern } from "@clawgate/contract";
import { Router } from "koa-router";
import { type Handlers, type OperationId, type OperationRow, operations, toSwitch } from "../base/contract.ts";
import { createDispatch, type DispatchParts } from "./dispatch.ts";

/** One route for each operation of the contract that is switched on. What is off has no route, as an unknown path. */
export function createRouter(
  handlers: Handlers,
  isEnabled: (endpoint: string) => boolean,
  parts: DispatchParts,
): Router {
  const router = new Router();
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- it binds the row and the handler of one id
  const register = <O extends OperationId>(id: O): void => {
    const row = operations[id];
    const name = toSwitch(row);
    if (name !== undefined && !isEnabled(name)) return;
    const methods = row.method === "GET" ? ["GET", "HEAD"] : [row.method];
    router.register(toPattern(row), methods, createDispatch(row, handlers[id], parts), { pathAsRegExp: true });
  };
  for (const id of listIds(operations)) register(id);
  return router;
}

/** The paths outside `/v1` that need a token too. */
export function listSecuredPaths(): ReadonlySet<string> {
  const rows: OperationRow[] = Object.values(operations);
  return new Set(rows.filter((row) => row.secured).map((row) => row.path));
}
