import { listPathParameters, type ReadText } from "@clawgate/contract";
import type { Context } from "koa";
import type { OperationRow } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";

/** Where the contract's parameters stand in a request that the router has matched. */
export function createTextReader(row: OperationRow): (ctx: Context) => ReadText {
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
        return ctx.get(name);
    }
  };
}

/** See `Call.header` in contract.ts. */
export function createHeaderReader({ req }: Context): (name: string) => string | undefined {
  return (name) => {
    const values = req.headersDistinct[name] ?? [];
    if (values.length > 1)
      throw new GatewayError("invalid_http", `The header '${name}' is there twice.`, { param: name });
    return values[0] === "" ? undefined : values[0];
  };
}
