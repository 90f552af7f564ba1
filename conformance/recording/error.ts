import type { RecordedError } from "./format.ts";

/** As the system and TLS name errors; those of Node's and undici's own making, such as an abort, have other names. */
const systemCode = /^(?:E[A-Z0-9]+|ERR_(?:SSL|TLS)_\w+|\w*CERT\w*)$/;

/** Whether it came from the other side of a connection or the way there: what the suite itself has ended it will end again. */
export function isFromSystem(error: Error | RecordedError): boolean {
  const code = "code" in error ? error.code : undefined;
  return typeof code === "string" && systemCode.test(code);
}

export function toRecordedError(error: Error): RecordedError {
  const { code } = error as NodeJS.ErrnoException;
  return { message: error.message, ...(code === undefined ? {} : { code }) };
}

export function fromRecordedError({ message, code }: RecordedError): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}
