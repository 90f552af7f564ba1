import { WebSocket } from "ws";
import { token } from "./load.ts";

/** Connections of the gateway protocol, or of a server that says hello as the gateway does. */
export class Crowd {
  readonly #sockets: WebSocket[] = [];
  /** Frames that have come, of all connections. */
  frames = 0;

  /** Opens so many more, a few at a time; with `signIn` each is let in before the next few. */
  async open(url: string, count: number, signIn: boolean): Promise<void> {
    for (let opened = 0; opened < count; opened += 16) {
      const few = Array.from({ length: Math.min(16, count - opened) }, () => this.#open(url, signIn));
      // oxlint-disable-next-line no-await-in-loop -- a gateway has room for so many strangers
      await Promise.all(few);
    }
  }

  /** Each asks, and waits for its answer. */
  async ask(method: string, params: object): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => request(socket, method, params)));
  }

  get first(): WebSocket {
    const [first] = this.#sockets;
    if (first === undefined) throw new Error("there is no connection");
    return first;
  }

  close(): void {
    for (const socket of this.#sockets) socket.terminate();
    this.#sockets.length = 0;
  }

  async #open(url: string, signIn: boolean): Promise<void> {
    const socket = new WebSocket(url.replace("http", "ws"), { perMessageDeflate: false });
    this.#sockets.push(socket);
    socket.on("error", () => undefined);
    await new Promise((resolve, reject) => {
      socket.once("message", resolve);
      socket.once("close", reject);
    });
    socket.on("message", () => (this.frames += 1));
    if (!signIn) return;
    const client = { id: "test", mode: "test", version: "1", platform: "linux" };
    await request(socket, "connect", { minProtocol: 4, maxProtocol: 4, client, auth: { token } });
  }
}

let ids = 0;

export function request(socket: WebSocket, method: string, params: object): Promise<unknown> {
  const id = `b${++ids}`;
  socket.send(JSON.stringify({ type: "req", id, method, params }));
  return until(socket, (frame) => frame["id"] === id);
}

/** Waits for a frame. */
export function until(socket: WebSocket, isIt: (frame: Record<string, unknown>) => boolean): Promise<unknown> {
  return new Promise((resolve) => {
    const look = (data: Buffer): void => {
      const frame = JSON.parse(data.toString()) as Record<string, unknown>;
      if (!isIt(frame)) return;
      socket.off("message", look);
      resolve(frame["payload"]);
    };
    socket.on("message", look);
  });
}
