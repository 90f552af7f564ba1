import type { Socket } from "node:net";

/**
 * Node's handle of a connection. To pause the stream leaves what was already on its way, 64 KiB of it, and is Node's own
 * sign for answers that are not taken; what Node does with the handle where its parser reads from it is done here too.
 */
interface Handle {
  reading: boolean;
  readStart(): number;
  readStop(): number;
}

function toHandle(socket: Socket): Handle | null | undefined {
  const { _handle: handle } = socket as Socket & { readonly _handle?: Handle | null };
  return handle;
}

/** Leaves with the kernel what the client sends, also what is ready in this turn of the event loop. */
export function stopReading(socket: Socket): void {
  const handle = toHandle(socket);
  if (handle?.reading !== true) return;
  handle.reading = false;
  handle.readStop();
}

/** Reads on, unless as much is here as may be. */
export function startReading(socket: Socket): void {
  const handle = toHandle(socket);
  if (handle?.reading !== false || socket.readableLength >= socket.readableHighWaterMark) return;
  handle.reading = true;
  handle.readStart();
}
