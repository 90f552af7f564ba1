import type { Failure, FailureReason } from "./protocol.ts";

// Apart from store-error.ts because the worker has no need of `GatewayError`, nor of the contract that comes with it.

/** Thrown in the worker by an operation that fails for a reason of its own; anything else thrown there is `storage`. */
export class StoreFailure extends Error {
  override readonly name = "StoreFailure";
  readonly reason: FailureReason;

  constructor(reason: FailureReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** In the worker: an error as something that can cross to the main thread. */
export function toFailure(error: unknown): Failure {
  return { reason: toReason(error), cause: error };
}

function toReason(error: unknown): FailureReason {
  if (error instanceof StoreFailure) return error.reason;
  // The lower byte is the error, the rest says more about it.
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined;
  return code !== undefined && damages.includes(code) ? "corrupt" : "storage";
}

/** SQLITE_CORRUPT and SQLITE_NOTADB (https://sqlite.org/rescode.html). */
const damages: readonly number[] = [11, 26];
