import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";

// Asks a gateway again and again whether it lives, until it is told to stop. In a thread of its own: in that of the test,
// which is the attacker's, what the attack costs him would be taken for slowness of the gateway.

export interface Watched {
  /** Mebibytes. */
  readonly residentMax: number;
  /** Milliseconds, and how many of them the gateway's own thread worked meanwhile: on a busy machine the rest is others'. */
  readonly lifeMsMax: number;
  readonly lifeWorkMsMax: number;
  readonly looks: number;
}

export interface Place {
  readonly port: number;
  readonly pid: number;
}

const { port, pid }: Place = workerData;
const request = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

function readResident(): number {
  const pages = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(pages) / 1024);
}

/** Of the main thread, in milliseconds. */
function readWork(): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;
}

async function ask(): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let answer = "";
  socket.setEncoding("latin1").on("data", (text: string) => (answer += text));
  socket.write(request);
  await once(socket, "close");
  if (!answer.startsWith("HTTP/1.1 200 ")) throw new Error(`it does not say that it lives: ${answer.slice(0, 200)}`);
}

async function watch(ending: AbortSignal): Promise<Watched> {
  const watched = { residentMax: 0, lifeMsMax: 0, lifeWorkMsMax: 0, looks: 0 };
  while (!ending.aborted) {
    const began = performance.now();
    const worked = readWork();
    await ask();
    watched.lifeMsMax = Math.max(watched.lifeMsMax, Math.round(performance.now() - began));
    watched.lifeWorkMsMax = Math.max(watched.lifeWorkMsMax, Math.round(readWork() - worked));
    watched.residentMax = Math.max(watched.residentMax, readResident());
    watched.looks++;
    await delay(20);
  }
  return watched;
}

const ending = new AbortController();
parentPort?.once("message", () => ending.abort());
parentPort?.postMessage(await watch(ending.signal));
