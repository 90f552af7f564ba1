import { GatewayError } from "../../base/errors.ts";
import { toWriteReason } from "../../base/config/file-trust.ts";
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

/** On the main thread: the error to reject with. The log has of it where the disk refuses what, and the way out. */
export function toError({ reason, cause }: Failure, path: string): Error {
  const refusal = reason === "storage" ? toRefusal(cause) : undefined;
  return errors[reason](refusal === undefined ? cause : new Error(`${path}: ${refusal}`, { cause }));
}

/** What SQLite says where the disk refuses, and the system's code for that. */
const refusals: readonly (readonly [sign: RegExp, code: string])[] = [
  [/disk is full/, "ENOSPC"],
  [/readonly database/, "EROFS"],
];

/** What the disk refuses, and what to do; undefined for anything else. Of an error in another thread only the text is left. */
function toRefusal(cause: unknown): string | undefined {
  const message = cause instanceof Error ? cause.message : "";
  if (message === "disk I/O error") return "the disk fails (disk I/O error). See whether it is full, or broken";
  const code = /^(E[A-Z]+): /.exec(message)?.[1] ?? refusals.find(([sign]) => sign.test(message))?.[1];
  return code === undefined ? undefined : toWriteReason(Object.assign(new Error(message), { code }));
}

/** Why a store does not open, for whoever starts it: which file, what about it, and the way out. */
export function toStartError({ reason, cause }: Failure, path: string): GatewayError {
  const refusal = reason === "storage" ? toRefusal(cause) : undefined;
  const why = cause instanceof Error ? cause.message.replace(/[.]?$/, "") : String(cause);
  const told = refusal === undefined ? `${why}. ${toWayOut(reason, path)}` : `${refusal}.`;
  const message = `The session database ${path} cannot be used: ${told}`;
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
      return "See what it is, its owner and its mode; or, to begin with no sessions, move it away.";
  }
}
