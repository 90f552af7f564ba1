import { listIds, listPathParameters, toPattern } from "@clawgate/contract";
import type { Middleware } from "koa";
import { Router } from "koa-router";
import { type Handlers, type OperationId, type OperationRow, operations, toSwitch } from "../base/contract.ts";
import { createDispatch, type DispatchParts } from "./dispatch.ts";

export interface Routes {
  readonly router: Router;
  /** By path and then method, those whose path has no parameters. */
  readonly exact: ReadonlyMap<string, ReadonlyMap<string, Middleware>>;
  /** What somebody may look for who has forgotten to switch it on. */
  readonly off: readonly SwitchedOff[];
}

export interface SwitchedOff {
  /** As `gateway.http.endpoints` has it. */
  readonly endpoint: string;
  readonly path: RegExp;
}

/** One route for each operation of the contract that is switched on. What is off has no route, as an unknown path. */
export function createRoutes(
  handlers: Handlers,
  isEnabled: (endpoint: string) => boolean,
  parts: DispatchParts,
): Routes {
  const router = new Router();
  const exact = new Map<string, Map<string, Middleware>>();
  const off: SwitchedOff[] = [];
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- it binds the row and the handler of one id
  const register = <O extends OperationId>(id: O): void => {
    const row = operations[id];
    const name = toSwitch(row);
    if (name !== undefined && !isEnabled(name)) {
      off.push({ endpoint: name, path: toPattern(row) });
      return;
    }
    const methods = row.method === "GET" ? ["GET", "HEAD"] : [row.method];
    const dispatch = createDispatch(row, handlers[id], parts);
    router.register(toPattern(row), methods, dispatch, { pathAsRegExp: true });
    if (listPathParameters(row).length > 0) return;
    const byMethod = exact.get(row.path) ?? new Map<string, Middleware>();
    exact.set(row.path, byMethod.set(row.method, dispatch));
  };
  for (const id of listIds(operations)) register(id);
  return { router, exact, off };
}

/** The paths outside `/v1` that need a token too. */
export function listSecuredPaths(): ReadonlySet<string> {
  const rows: OperationRow[] = Object.values(operations);
  return new Set(rows.filter((row) => row.secured).map((row) => row.path));
}
