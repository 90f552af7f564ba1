import { assertValid } from "./check.ts";
import { createParameterReader, type ReadText } from "./parameters.ts";
import type { Handler, Reply } from "./reply.ts";
import { RequestViolation } from "./request-violation.ts";
import type { Row } from "./row.ts";

/** A request that no server knows yet: where its parts can be read, if the operation has them. */
export interface ContractRequest<Context = object> {
  /** The JSON body, parsed; called once, and only if the operation has a body. */
  readonly readBody: () => unknown;
  readonly readText: ReadText;
  readonly signal: AbortSignal;
  /** Handed to the handler with the rest. */
  readonly context: Context;
}

export interface BindOptions {
  /** Says what is wrong with a body in better words than its check can; undefined leaves it to the check. */
  readonly diagnose?: ((body: unknown) => Error | undefined) | undefined;
}

/** What `bind` makes of a row and its handler. Rejects with `RequestViolation`, or with what the handler throws. */
export type Bound<Ops, O extends keyof Ops, Context = object, Given extends string = never> = (
  request: ContractRequest<Context>,
) => Promise<Reply<Ops, O, Given>>;

/**
 * Binds one row to its handler, free of any server: the body is read, the parameters are read and checked, the body is
 * checked, and the handler gets all that as the types of its operation.
 */
export function bind<Ops, O extends keyof Ops, Context extends object = object, Given extends string = never>(
  row: Row<Ops, O>,
  handler: Handler<Ops, O, Context, Given>,
  { diagnose }: BindOptions = {},
): Bound<Ops, O, Context, Given> {
  const { hasBody, checkBody } = row;
  const readParameters = createParameterReader(row);
  return async ({ readBody, readText, signal, context }) => {
    const body = hasBody ? await readBody() : undefined;
    const parameters = readParameters(readText);
    assertValid(checkBody, body, (violation) => diagnose?.(body) ?? new RequestViolation(violation, "body"));
    return handler({ ...context, body, parameters, signal });
  };
}
