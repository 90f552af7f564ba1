import type { RecordedError } from "./format.ts";

/** Whether it came from the system, and so from the other side of a connection or the way there. */
export function isFromSystem(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  // What the suite itself has ended bears a code too.
  return typeof code === "string" && code !== "ABORT_ERR";
}

export function toRecordedError(error: Error): RecordedError {
  const { code } = error as NodeJS.ErrnoException;
  return { message: error.message, ...(code === undefined ? {} : { code }) };
}

export function fromRecordedError({ message, code }: RecordedError): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}
