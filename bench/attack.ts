import { connect, type Socket } from "node:net";
import { Line } from "./crowd.ts";
import type { AttackJob } from "./load.ts";

const byteEveryMs = 500;
const tickMs = 20;
const wrongLines = 200;

/** Resolves when all of them are there; whoever is thrown out comes again at once. */
export async function startAttack(job: AttackJob): Promise<() => void> {
  const port = Number(new URL(job.url).port);
  const sockets = new Set<Socket>();
  let over = false;

  /** A connection that is made again whenever it is closed. */
  const keep = (begin: (socket: Socket) => void): void => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("connect", () => begin(socket));
    socket.on("close", () => {
      sockets.delete(socket);
      if (!over) setTimeout(() => keep(begin), 100);
    });
  };

  const places = new Map<Socket, number>();
  const headEnd = job.call.indexOf("\r\n\r\n") + 4;
  for (let client = 0; client < job.slow; client++) {
    const start = client % 2 === 0 ? 1 : headEnd;
    keep((socket) => {
      socket.resume();
      socket.write(job.call.slice(0, start));
      places.set(socket, start);
      socket.once("close", () => places.delete(socket));
    });
  }
  const drip = setInterval(() => {
    for (const [socket, place] of places) {
      // Never the whole: the last byte is not sent.
      if (place < job.call.length - 1) socket.write(job.call.slice(place, place + 1));
      places.set(socket, place + 1);
    }
  }, byteEveryMs);

  let stopped = 0;
  const allStopped = Promise.withResolvers<void>();
  for (let client = 0; client < job.stopped; client++) {
    keep((socket) => {
      socket.write(job.longCall);
      socket.once("data", () => {
        socket.pause();
        if (++stopped === job.stopped) allStopped.resolve();
      });
    });
  }
  if (job.stopped === 0) allStopped.resolve();

  const idle = Array.from({ length: wrongLines }, () => new Line(job.url));
  let began = performance.now();
  let sent = 0;
  const wrong = setInterval(() => {
    const due = ((performance.now() - began) / 1000) * job.wrongPerSecond;
    while (sent < due) {
      sent++;
      const line = idle.pop();
      if (line === undefined) continue;
      line.ask(job.wrongCall, () => idle.push(line));
    }
  }, tickMs);
  await allStopped.promise;
  began = performance.now();
  sent = 0;
  return () => {
    over = true;
    clearInterval(drip);
    clearInterval(wrong);
    for (const socket of sockets) socket.destroy();
    for (const line of idle) line.close();
  };
}
