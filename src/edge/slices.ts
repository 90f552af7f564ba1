import type { ServerResponse } from "node:http";

/** So much of a file, at least, is written at once. */
const sliceBytes = 131_072;
/** So much of all of them in one turn of the event loop: some milliseconds where memory is slow. */
const turnBytes = 4 * sliceBytes;

/** A file that goes out. */
interface Sending {
  readonly response: ServerResponse;
  readonly file: Buffer;
  sent: number;
}

/** Those whose last slice the system has taken, of all servers of this event loop, in the order in which they are served. */
let due: Sending[] = [];
let isScheduled = false;

/**
 * Ends a response, whose head is written, with a file. The system takes megabytes of an answer that nobody reads, which is
 * work: a long file goes in slices, and of all that go out at once so many in each turn of the event loop as are written in
 * little time, so that whoever connects in between is served. Where turns are long, files take longer.
 */
export function endWithFile(response: ServerResponse, file: Buffer): void {
  // Of what has no body nothing is written before its end, the head neither (RFC 9110 section 9.3.2).
  if (file.length <= sliceBytes || response.req.method === "HEAD") response.end(file);
  else noteDue({ response, file, sent: 0 });
}

function noteDue(sending: Sending): void {
  due.push(sending);
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(sendSlices);
}

function sendSlices(): void {
  isScheduled = false;
  const here = due.filter(({ response }) => !response.destroyed);
  due = here.splice(turnBytes / sliceBytes);
  for (const sending of here) sendSlice(sending, Math.floor(turnBytes / here.length));
  if (due.length === 0 || isScheduled) return;
  isScheduled = true;
  setImmediate(sendSlices);
}

function sendSlice(sending: Sending, bytes: number): void {
  const { response, file, sent } = sending;
  const slice = file.subarray(sent, (sending.sent += bytes));
  if (sending.sent >= file.length) response.end(slice);
  else if (response.write(slice)) noteDue(sending);
  else response.once("drain", () => noteDue(sending));
}
