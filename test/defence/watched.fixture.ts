import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { createPlace, usual } from "../command.fixture.ts";
import { onEnd } from "../end.fixture.ts";
import { testToken } from "../gateway.fixture.ts";
import { type GatewayProcess, program, startProcess } from "../process.fixture.ts";
import { exchange, openSocket, toRequest } from "../wire/socket.fixture.ts";
import type { Place, Watched } from "./canary-thread.ts";

/** A gateway that is a process of its own, with what an attack does to it. */
export interface WatchedGateway extends GatewayProcess {
  readonly port: number;
  /** Mebibytes that it holds now. */
  readonly resident: () => number;
  /** From now on: call what it gives back to know the most that was resident, and how long `GET /healthz` took at worst. */
  readonly watch: () => () => Promise<Watched>;
  readonly metric: (name: string) => Promise<number>;
}

export interface WatchedOptions {
  /** Merged over `gateway` of the usual configuration. */
  readonly gateway?: object;
  readonly http?: object;
  /** In mebibytes. */
  readonly heapMax?: number;
}

export async function startWatched({
  gateway = {},
  http = {},
  heapMax = 512,
}: WatchedOptions = {}): Promise<WatchedGateway> {
  const config = { ...usual, gateway: { ...usual.gateway, ...gateway, http: { ...usual.gateway.http, ...http } } };
  const environment = { OPENCLAW_GATEWAY_TOKEN: testToken, NODE_OPTIONS: `--max-old-space-size=${heapMax}` };
  const started = await startProcess(createPlace({ config, environment }), testToken, program);
  const port = Number(new URL(started.url).port);
  await warmUp(port);
  const resident = (): number => {
    const pages = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${started.process.pid}/status`, "utf8"))?.[1];
    return Math.round(Number(pages) / 1024);
  };
  return {
    ...started,
    port,
    resident,
    watch() {
      const place: Place = { port, pid: started.process.pid ?? 0 };
      const canary = new Worker(new URL("./canary-thread.ts", import.meta.url), { workerData: place });
      onEnd(() => void canary.terminate());
      const told = once(canary, "message");
      // It is awaited later.
      told.catch(() => undefined);
      return async () => {
        canary.postMessage("stop");
        const [watched]: Watched[] = await told;
        if (watched === undefined) throw new Error("nothing was seen");
        return watched;
      };
    },
    async metric(name) {
      const { text } = await exchange(
        port,
        toRequest({ method: "GET", path: "/metrics", headers: { connection: "close" } }),
      );
      const line = text.split("\n").find((each) => each.startsWith(`${name} `));
      return Number(line?.slice(name.length) ?? 0);
    },
  };
}

/** What runs for the first times takes longer, whoever asks for it. */
async function warmUp(port: number): Promise<void> {
  const wire = await openSocket(port);
  const requests = [toRequest(), toRequest({ method: "GET", path: "/healthz" })];
  for (const request of Array.from({ length: 25 }, () => requests).flat()) {
    wire.send(request);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await wire.read();
  }
  wire.socket.destroy();
}

/** Many connections, which end with the test, and whose failures are none of the test's. */
export async function openMany(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  onEnd(() => {
    for (const socket of sockets) socket.destroy();
  });
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(200, count - sockets.length) }, () =>
      connect({ port, host: "127.0.0.1" }).on("error", () => undefined),
    );
    sockets.push(...some);
    await Promise.all(
      some.map((socket) => new Promise((resolve) => socket.once("connect", resolve).once("close", resolve))),
    );
  }
  return sockets;
}
