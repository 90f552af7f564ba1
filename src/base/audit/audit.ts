/** What somebody may have to account for, or to explain, later. */
export type AuditEvent =
  | "start"
  | "stop"
  | "configuration-change"
  /** A secret that was wrong or missing. */
  | "sign-in"
  /** An address that is not listened to for a while. */
  | "lockout"
  | "session-delete"
  | "session-reset"
  | "run-cancel"
  /** Of a tool inside the gateway. */
  | "tool-call";

export interface AuditRecord {
  readonly event: AuditEvent;
  /** `begun` is for what has effects elsewhere, which would be there without a record if the process were gone. */
  readonly outcome: "begun" | "done" | "failed" | "refused";
  /** Of the client. */
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
  /** The name of the key that called; never the key. */
  readonly key?: string | undefined;
  readonly runId?: string;
  readonly agent?: string;
  /** The key of the session. */
  readonly session?: string;
  readonly tool?: string;
  readonly server?: string;
  /** How many events of its kind the record stands for, besides the one before. */
  readonly count?: number;
  /** Which keys of the configuration have another value. */
  readonly changed?: readonly string[];
  /** Why it failed. Holds no secret. */
  readonly problem?: string;
  readonly url?: string;
}

/**
 * Where records of these go. What is recorded has been written when `record` returns, so that no effect is seen that has
 * no record; a record that cannot be written is an error in the log, and nothing is held up. Never throws. Wrong secrets
 * and lockouts may come in floods, and are added up: the first of an address is a record, and those of the minute after
 * it together are another.
 */
export interface Audit {
  record(record: AuditRecord): void;
}

/** For tests, and programs that account for nothing. */
export const noAudit: Audit = { record: () => undefined };
