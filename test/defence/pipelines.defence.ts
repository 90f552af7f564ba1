import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { onEnd } from "../end.fixture.ts";
import { toChatBody, toRequest } from "../wire/socket.fixture.ts";
import type { Flood } from "./flooder.fixture.ts";
import { startWatched, type Watched } from "./watched.fixture.ts";

interface Attack extends Pick<Flood, "connections" | "requests" | "arrival"> {
  readonly request: Buffer;
  readonly reads?: boolean;
}

const get = (path: string, authorization: string | null = null): Buffer =>
  toRequest({ method: "GET", path, headers: authorization === "" ? {} : { authorization } });
const contract = get("/openapi.json");
const wrong = get("/v1/x", "Bearer wrong");
const nothing = get("/nothing");

/** Milliseconds that the gateway's thread works while one `GET /healthz` on a connection of its own is answered. */
const lifeWorkMs = 250;
/** Mebibytes. */
const residentMax = 300;
/** Whoever has a token may let the gateway hold more: thirty thousand answers of 100 KB. */
const residentOfRuns = 400;

/** Attacks of which the machine is busy with something else: it has not, so many times. */
const triesMax = 3;

async function play(attack: Attack): Promise<Watched> {
  const gateway = await startWatched();
  const flooder = fork(join(import.meta.dirname, "flooder.fixture.ts"));
  onEnd(() => void flooder.kill("SIGKILL"));
  await once(flooder, "spawn");
  const over = gateway.watch();
  const { request, reads = false, ...rest } = attack;
  flooder.send({ ...rest, reads, port: gateway.port, request: request.toString("base64") } satisfies Flood);
  await once(flooder, "message");
  await delay(5_000);
  const seen = await over();
  flooder.kill("SIGKILL");
  expect((await gateway.stop()).status).toBe(0);
  return seen;
}

/** Of some tries the best: others on the machine can make each of these larger, and nothing makes them smaller. */
async function expectHarmless(what: string, attack: Attack, most = residentMax): Promise<void> {
  const best = { life: Number.POSITIVE_INFINITY, resident: Number.POSITIVE_INFINITY };
  for (let left = triesMax; left > 0 && (best.life >= lifeWorkMs || best.resident >= most); left--) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const seen = await play(attack);
    console.log(`${what}: ${JSON.stringify(seen)}`);
    expect(seen.looks).toBeGreaterThan(5);
    best.life = Math.min(best.life, seen.lifeWorkMsMax);
    best.resident = Math.min(best.resident, seen.residentMax);
  }
  expect(best.life).toBeLessThan(lifeWorkMs);
  expect(best.resident).toBeLessThan(most);
}

test.for<[what: string, attack: Attack]>([
  ["the contract", { request: contract, connections: 120, requests: 1300, arrival: "before" }],
  ["the contract as one comes", { request: contract, connections: 120, requests: 1300, arrival: "meanwhile" }],
  ["the contract many times", { request: contract, connections: 12, requests: 13_000, arrival: "before" }],
  ["the page", { request: get("/docs"), connections: 120, requests: 1300, arrival: "before" }],
  ["the page as one comes", { request: get("/docs"), connections: 120, requests: 1300, arrival: "meanwhile" }],
  ["the models with a token", { request: get("/v1/models", ""), connections: 120, requests: 1300, arrival: "before" }],
  ["the metrics with a token", { request: get("/metrics", ""), connections: 120, requests: 1300, arrival: "before" }],
  ["what is refused", { request: wrong, connections: 60, requests: 10_000, arrival: "before" }],
  ["what is refused as one comes", { request: wrong, connections: 240, requests: 1000, arrival: "meanwhile" }],
  ["what is not there", { request: nothing, connections: 400, requests: 1000, arrival: "before" }],
])("asking for %s and taking no answer stops nobody", ([what, attack]) => expectHarmless(what, attack));

test.for<[what: string, attack: Attack]>([
  ["the page", { request: get("/docs"), connections: 120, requests: 1300, arrival: "before", reads: true }],
  ["what is not there", { request: nothing, connections: 120, requests: 5000, arrival: "before", reads: true }],
])("asking for %s and taking every answer stops nobody", ([what, attack]) => expectHarmless(what, attack));

const answerOf = (bytes: number): Buffer => toRequest({ body: toChatBody(`@@repeat ${bytes}`) });
const bodyOf = (bytes: number): Buffer => toRequest({ body: toChatBody(`@@echo ok ${"x".repeat(bytes)}`) });

test.for<[what: string, attack: Attack]>([
  ["long answers", { request: answerOf(100_000), connections: 60, requests: 500, arrival: "before" }],
  ["long bodies", { request: bodyOf(100_000), connections: 60, requests: 20, arrival: "before" }],
])("runs with %s that nobody waits for stop nobody", ([what, attack]) =>
  expectHarmless(what, attack, residentOfRuns * (what === "long bodies" ? 1.5 : 1)),
);
