import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { createReader } from "./connection.ts";
import type { CanaryJob, CrowdJob, Outcome } from "./load.ts";

export interface Answer {
  readonly status: number;
  /** In seconds; 0 without the header. */
  readonly retryAfter: number;
  readonly ms: number;
}

/** One connection that takes whatever it is answered. It is opened again if it is closed between two calls. */
export class Line {
  readonly #port: number;
  #socket: Socket | undefined;
  #onEnd: (answer: Answer | undefined) => void = () => {};

  constructor(url: string) {
    this.#port = Number(new URL(url).port);
  }

  /** One at a time. `onEnd` is told the answer, or undefined where there was none. */
  ask(call: string, onEnd: (answer: Answer | undefined) => void): void {
    const started = performance.now();
    const socket = (this.#socket ??= this.#open());
    const reader = createReader(() => true);
    let head = "";
    const end = (answer: Answer | undefined): void => {
      this.#onEnd = () => {};
      socket.off("data", onBytes);
      if (answer === undefined || /\r\nconnection: close\r\n/i.test(head)) this.close();
      onEnd(answer);
    };
    const onBytes = (bytes: Buffer): void => {
      const text = bytes.toString("latin1");
      if (head === "") head = text;
      if (reader(text) !== "ended") return;
      const retryAfter = Number(/\r\nretry-after: (\d+)/i.exec(head)?.[1] ?? 0);
      end({ status: Number(head.slice(9, 12)), retryAfter, ms: performance.now() - started });
    };
    socket.on("data", onBytes);
    this.#onEnd = end;
    socket.write(call);
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #open(): Socket {
    const socket = connect({ host: "127.0.0.1", port: this.#port, noDelay: true });
    socket.on("error", () => {});
    socket.on("close", () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#onEnd(undefined);
    });
    return socket;
  }
}

const tickMs = 5;
/** Whoever was refused comes back no sooner. */
const comeBackMs = 1_000;
/** What comes in the first part of a job is its warming up. */
export const warmShare = 0.25;

/** Counts what ends after the first quarter of the time; what is still under way at the end is left. */
export async function runCrowd({ url, calls, perSecond, connections, seconds }: CrowdJob): Promise<Partial<Outcome>> {
  const times: number[] = [];
  const refusals: number[] = [];
  let lost = 0;
  const began = performance.now();
  const counts = (): boolean => performance.now() - began > seconds * 1000 * warmShare;
  const idle: Line[] = [];
  const all: Line[] = [];
  let over = false;
  let sent = 0;

  const ask = (line: Line): void => {
    line.ask(calls[sent++ % calls.length] ?? "", (answer) => {
      if (over) return;
      if (counts()) note(answer);
      if (perSecond !== undefined) idle.push(line);
      else if (answer?.status === 200) ask(line);
      else setTimeout(() => over || ask(line), comeBackMs);
    });
  };
  const note = (answer: Answer | undefined): void => {
    if (answer?.status === 200) times.push(answer.ms);
    else if (answer !== undefined && isToldToComeBack(answer)) refusals.push(answer.ms);
    else lost++;
  };
  const open = (): Line | undefined => {
    if (all.length >= connections) return undefined;
    const line = new Line(url);
    all.push(line);
    return line;
  };
  if (perSecond === undefined) for (let line = open(); line !== undefined; line = open()) ask(line);
  while (performance.now() - began < seconds * 1000) {
    await delay(tickMs);
    if (perSecond === undefined) continue;
    const due = Math.floor(((performance.now() - began) / 1000) * perSecond);
    while (sent < due) {
      const line = idle.pop() ?? open();
      if (line === undefined) {
        // Nobody offers more than so many connections can: what is missing is not offered.
        sent++;
      } else ask(line);
    }
  }
  over = true;
  for (const line of all) line.close();
  return { times, refusals, lost };
}

function isToldToComeBack({ status, retryAfter }: Answer): boolean {
  return (status === 429 || status === 503) && retryAfter >= 1 && retryAfter <= 30;
}

/** How long each took, in order; a call that was not answered took as long as one can. */
export async function runCanary({ url, calls, everyMs, seconds }: CanaryJob): Promise<number[]> {
  const line = new Line(url);
  const times: number[] = [];
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    const answer = await new Promise<Answer | undefined>((resolve) => line.ask(calls[0] ?? "", resolve));
    times.push(answer?.status === 200 ? answer.ms : unanswered);
    await delay(answer?.status === 200 ? Math.max(0, everyMs - answer.ms) : everyMs);
  }
  line.close();
  return times;
}

/** In milliseconds; no real call takes an hour. */
export const unanswered = 3_600_000;
