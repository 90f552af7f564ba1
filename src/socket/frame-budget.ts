import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";

/** What the bodies of requests share, and the frames that are not whole yet with them. */
export interface Budget {
  /** `reach` throws where there is no room for so many bytes. */
  open(): { reach(bytes: number): void; release(): void };
}

/** So much of a frame needs no leave: the head of a small one, of which there may be many. */
const smallBytes = 65_536;

/** Of a ping or pong, with its mask. */
const controlHeadBytes = 6;

/** Closes a client with 1013 whose frame has no room beside those of the others. */
export function boundFrames(opened: WebSocket, connection: Duplex, budget: Budget): void {
  let share: ReturnType<Budget["open"]> | undefined;
  let bytes = 0;
  const release = (): void => {
    share?.release();
    share = undefined;
    bytes = 0;
  };
  connection.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes <= smallBytes) return;
    try {
      (share ??= budget.open()).reach(bytes);
    } catch {
      release();
      opened.close(1013, "the gateway holds as much as it may");
      opened.pause();
    }
  });
  // These come between the parts of a frame, too, and are no part of it.
  const leaveOut = (data: Buffer): void => {
    bytes = Math.max(0, bytes - data.length - controlHeadBytes);
    if (bytes > smallBytes) return;
    share?.release();
    share = undefined;
  };
  opened.on("ping", leaveOut);
  opened.on("pong", leaveOut);
  opened.on("message", release);
  opened.on("close", release);
}
