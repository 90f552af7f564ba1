import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** What lies between a gateway and its database. */
export interface DatabaseLine {
  readonly host: string;
  readonly port: number;
  /** Cuts every connection. */
  cut(): void;
  /** Nothing comes through any more, in either direction, and nobody is told: as a network that is down. */
  hold(): void;
  /** What was held comes through now. */
  release(): void;
  close(): void;
}

export async function openDatabaseLine(databasePort: number, host = "127.0.0.1"): Promise<DatabaseLine> {
  const sockets = new Set<Socket>();
  let isHeld = false;
  const server = createServer((near) => {
    const far = connect(databasePort, "127.0.0.1");
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("data", (bytes) => void other.write(bytes));
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      if (isHeld) socket.pause();
    }
  }).listen(0, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the line has no port");
  return {
    host,
    port: address.port,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    hold() {
      isHeld = true;
      for (const socket of sockets) socket.pause();
    },
    release() {
      isHeld = false;
      for (const socket of sockets) socket.resume();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
