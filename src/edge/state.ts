import type { OperationId } from "../base/contract.ts";
import type { GatewayError } from "../base/errors.ts";

/** What the gateway knows about a request while it lives. */
export interface RequestState {
  readonly requestId: string;
  /** Aborts when the client leaves, or when the gateway's patience at its end is over. */
  readonly signal: AbortSignal;
  /** Ends what the request has begun. */
  readonly cut: (reason: unknown) => void;
  /** Undefined until the path and method are known. */
  operation?: OperationId;
  /** What went wrong, for the log; also when it was told inside a stream. */
  error?: GatewayError;
}
