import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { isMainThread, parentPort, workerData } from "node:worker_threads";

/** A client that goes on while the gateway's thread stands still. */
export interface Hurried {
  readonly port: number;
  /** Sent while the gateway still moves; undefined makes the connection later. */
  readonly first: Uint8Array | undefined;
  /** Sent when it does not move any more, or nothing. */
  readonly request: Uint8Array;
  readonly end: "reset" | "close" | "half" | "none";
  /** How long the gateway stands still from then on. */
  readonly stillMs: number;
  /** One number, which is 1 when the gateway may move again. */
  readonly moves: SharedArrayBuffer;
}

if (!isMainThread && parentPort !== null) {
  const { port, first, request, end, stillMs, moves } = workerData as Hurried;
  const open = async (): Promise<Socket> => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    socket.on("error", () => undefined);
    await once(socket, "connect");
    return socket;
  };
  const begun = first === undefined ? undefined : await open();
  if (begun !== undefined && first !== undefined) {
    begun.write(first);
    if (request.length > 0) await once(begun, "data");
  }
  parentPort.postMessage("ready");
  await once(parentPort, "message");
  const socket = begun ?? (await open());
  if (request.length > 0) await new Promise((resolve) => socket.write(request, resolve));
  if (end === "reset") socket.resetAndDestroy();
  else if (end === "close") socket.destroy();
  else if (end === "half") socket.end();
  await delay(stillMs);
  const state = new Int32Array(moves);
  Atomics.store(state, 0, 1);
  Atomics.notify(state, 0);
  // Whatever it gets, until nothing comes any more.
  let text = "";
  if (!socket.destroyed) {
    socket.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
      if (end === "none") socket.end();
    });
    await once(socket, "close");
  }
  parentPort.postMessage(text);
}
