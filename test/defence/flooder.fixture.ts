// Run as a process of its own: sends requests as fast as the system takes them. A flood from the test's own process would
// keep the test from what it measures.
import { connect, type Socket } from "node:net";

export interface Flood {
  readonly port: number;
  /** One request, in base64. */
  readonly request: string;
  readonly connections: number;
  /** Of each connection. */
  readonly requests: number;
  /** Whether the connections are there before the first request, or come with theirs. */
  readonly arrival: "before" | "meanwhile";
  readonly reads: boolean;
}

function open(port: number): Socket {
  return connect({ port, host: "127.0.0.1" }).on("error", () => undefined);
}

async function run({ port, request, connections, requests, arrival, reads }: Flood): Promise<void> {
  const all = Buffer.concat(Array.from({ length: requests }, () => Buffer.from(request, "base64")));
  const send = (socket: Socket): boolean => (reads ? socket.resume() : socket.pause()).write(all);
  if (arrival === "meanwhile") {
    for (let index = 0; index < connections; index++) send(open(port));
  } else {
    const sockets = Array.from({ length: connections }, () => open(port));
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
    for (const socket of sockets) send(socket);
  }
  process.send?.("sent");
}

process.once("message", (flood) => void run(flood as Flood));
