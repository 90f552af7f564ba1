import { GatewayError } from "../../base/errors.ts";
import type { Failure, FailureReason } from "./protocol.ts";

// The causes name paths and SQL, so they stay causes: the messages here may be shown to a client.
const errors: Record<FailureReason, (cause: unknown) => Error> = {
  storage: (cause) => new GatewayError("storage_unavailable", "The session store failed.", { cause }),
  corrupt: (cause) =>
    new GatewayError("storage_unavailable", "The stored session is damaged: it does not match its checksum.", {
      cause,
    }),
  "schema-newer": (cause) =>
    new GatewayError(
      "storage_unavailable",
      "The session database was written by a newer version of clawgate than this one. Upgrade, or restore a backup.",
      { cause },
    ),
  "lease-lost": (cause) =>
    new GatewayError("session_busy", "Another run has taken over this session; this turn was not stored.", {
      cause,
      retry: false,
    }),
  "keep-out-of-range": (cause) => new RangeError("A turn keeps more messages than its session has.", { cause }),
};

/** On the main thread: the error to reject with. */
export function toError(failure: Failure): Error {
  return errors[failure.reason](failure.cause);
}
