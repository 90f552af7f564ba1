import type { ServerResponse } from "node:http";

/** So much of a file is given to the kernel at once. */
const sliceBytes = 131_072;
/** So much of all of them in one turn of the event loop: some milliseconds where memory is slow. */
const turnBytes = 4 * sliceBytes;

/** A file that goes out. */
interface Sending {
  readonly response: ServerResponse;
  readonly file: Buffer;
  sent: number;
}

/** Those whose clients have taken what they were sent, in the order in which they are served. */
const due: Sending[] = [];
let isScheduled = false;

/**
 * Ends a response, whose head is written, with a file. The kernel takes megabytes of an answer that nobody reads, which is
 * work: a long file goes in slices, and of all that go out at once a bounded number in each turn of the event loop, so that
 * whoever connects in between is served.
 */
export function endWithFile(response: ServerResponse, file: Buffer): void {
  if (file.length <= sliceBytes) response.end(file);
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
  for (const sending of due.splice(0, turnBytes / sliceBytes)) sendSlice(sending);
  if (due.length === 0 || isScheduled) return;
  isScheduled = true;
  setImmediate(sendSlices);
}

function sendSlice(sending: Sending): void {
  const { response, file, sent } = sending;
  if (response.destroyed) return;
  const slice = file.subarray(sent, (sending.sent += sliceBytes));
  if (sending.sent >= file.length) response.end(slice);
  else if (response.write(slice)) noteDue(sending);
  else response.once("drain", () => noteDue(sending));
}
