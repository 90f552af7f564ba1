// The client, a process of its own: HTTP over plain sockets, so that it takes little of the cores it shares with the
// subject. One job at a time comes over the channel of the process; it says how late its own event loop was.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { Job, Outcome, TogetherJob } from "./load.ts";
import { startAttack } from "./attack.ts";
import { connect, type Connection } from "./connection.ts";
import { runCanary, runCrowd } from "./crowd.ts";

let open: Connection[] = [];
let stopAttack = (): void => {};

async function carryOut(job: Job): Promise<Partial<Outcome>> {
  if (job.kind === "crowd") return runCrowd(job);
  if (job.kind === "attack") {
    stopAttack = await startAttack(job);
    return {};
  }
  return { times: await takeTimes(job) };
}

async function takeTimes(job: Exclude<Job, { kind: "crowd" | "attack" }>): Promise<number[]> {
  if (job.kind === "canary") return runCanary(job);
  if (job.kind === "close") {
    for (const connection of open) connection.close();
    open = [];
    stopAttack();
    stopAttack = () => {};
    return [];
  }
  if (job.kind === "open") {
    open = await Promise.all(Array.from({ length: job.streams }, () => connect(job.url)));
    const started = open.map((connection) => connection.start(job.calls[0] ?? ""));
    // Until each has said something: a stream whose head alone has come is not open yet.
    return Promise.all(started.map(({ firstText }) => firstText));
  }
  if (job.kind === "streams") return stream(job);
  if (job.kind === "together") return streamTogether(job);
  let next = 0;
  const times: number[] = [];
  const sleepAgain = job.awake ? stayAwake() : undefined;
  await Promise.all(
    Array.from({ length: job.connections }, async () => {
      const connection = await connect(job.url);
      while (next < job.count) {
        const started = performance.now();
        await connection.start(job.calls[next++ % job.calls.length] ?? "").end;
        times.push(performance.now() - started);
      }
      connection.close();
    }),
  );
  sleepAgain?.();
  return times;
}

/** Returns what ends it. */
function stayAwake(): () => void {
  let turn = setImmediate(function next() {
    turn = setImmediate(next);
  });
  return () => clearImmediate(turn);
}

/** The streams run; the times to the first token are the probes'. */
async function stream(job: Extract<Job, { kind: "streams" }>): Promise<number[]> {
  const connections = await Promise.all(Array.from({ length: job.streams }, () => connect(job.url)));
  const running = Promise.all(connections.map((connection) => connection.start(job.calls[0] ?? "").end));
  const times: number[] = [];
  const prober = await connect(job.url);
  if (job.probes > 0) await delay(1_000);
  for (let count = 0; count < job.probes; count++) {
    const { firstText, end } = prober.start(job.probe);
    times.push(await firstText);
    await end;
    await delay(20);
  }
  await running;
  for (const connection of [...connections, prober]) connection.close();
  return times;
}

async function streamTogether({ targets, streams }: TogetherJob): Promise<number[]> {
  // The one stream of each target after the other, so that none of them has all of its own in a row.
  const all = Array.from({ length: streams }, () => targets).flat();
  const connections = await Promise.all(all.map(({ url }) => connect(url)));
  await Promise.all(connections.map((connection, at) => connection.start(all[at]?.calls[0] ?? "").end));
  for (const connection of connections) connection.close();
  return [];
}

process.on("message", (job: Job) => {
  const lateness = monitorEventLoopDelay({ resolution: 5 });
  lateness.enable();
  const answer = (outcome: Partial<Outcome>): void => {
    lateness.disable();
    const loopDelayMs = Math.max(0, lateness.percentile(99) / 1e6 - 5);
    process.send?.({ times: [], refusals: [], lost: 0, failure: undefined, ...outcome, loopDelayMs });
  };
  carryOut(job).then(answer, (error: unknown) => answer({ failure: String(error) }));
});
