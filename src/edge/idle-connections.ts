import type { Server } from "node:http";

/**
 * Closes connections whose keep-alive is over, as Node would, but not before it has been looked whether a request has come.
 * Node looks at its timers first: once a process has stood still, it would reset calls that were sent in time.
 */
export function closeIdleConnections(server: Server): void {
  server.on("timeout", (socket) => {
    const { bytesRead } = socket;
    // Between timers and immediates what has come is read.
    setImmediate(() => {
      if (socket.bytesRead === bytesRead) socket.destroy();
    });
  });
}
