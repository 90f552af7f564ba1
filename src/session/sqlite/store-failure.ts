import type { Failure, FailureReason } from "./protocol.ts";

// Apart from errors.ts because the worker has no need of `GatewayError`, nor of the contract that comes with it.

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
  return { reason: error instanceof StoreFailure ? error.reason : "storage", cause: error };
}
