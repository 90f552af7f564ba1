import { GatewayError } from "../../base/errors.ts";
import { toKeptPath } from "./kept.ts";
import type { Failure, FailureReason } from "./protocol.ts";

// The causes name paths and SQL, so they stay causes: the messages here may be shown to a client.
const errors: Record<FailureReason, (cause: unknown) => Error> = {
  storage: (cause) => new GatewayError("storage_unavailable", "The session store failed.", { cause }),
  corrupt: (cause) =>
    new GatewayError(
      "session_damaged",
      "What is stored of the session is damaged: it cannot be read as it was written.",
      {
        cause,
        retry: false,
      },
    ),
  "schema-newer": (cause) =>
    new GatewayError("storage_unavailable", "The session store is of a newer version.", { cause }),
  lost: (cause) => new GatewayError("storage_unavailable", "The session store has lost its sessions.", { cause }),
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

/** Why a store does not open, for whoever starts it: which file, what about it, and the way out. */
export function toStartError({ reason, cause }: Failure, path: string): GatewayError {
  const why = cause instanceof Error ? cause.message.replace(/[.]?$/, "") : String(cause);
  const message = `The session database ${path} cannot be used: ${why}. ${toWayOut(reason, path)}`;
  return new GatewayError("storage_unavailable", message, { cause });
}

function toWayOut(reason: FailureReason, path: string): string {
  switch (reason) {
    case "schema-newer":
      return "Start the version of clawgate that has written it, or a later one, or put back a copy from before.";
    case "lost":
      return `Put back a copy; or, to begin with no sessions, delete ${toKeptPath(path)}.`;
    case "corrupt":
      return `Put back a copy; or, to begin with no sessions, move away ${path} and the files whose names begin so.`;
    case "storage":
    case "lease-lost":
    case "keep-out-of-range":
      return "Look at the file, its owner and mode, and whether the disk is full.";
  }
}
