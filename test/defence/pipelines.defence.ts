import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { toChatBody, toRequest } from "../wire/socket.fixture.ts";
import { openMany, startWatched } from "./watched.fixture.ts";

const get = (path: string, authorization: string | null = null): Buffer =>
  toRequest({ method: "GET", path, headers: authorization === "" ? {} : { authorization } });

/** Mebibytes, and milliseconds of CPU while one `GET /healthz` is answered. */
const bounds = { residentMax: 300, lifeWorkMsMax: 250 };
/** Whoever has a token may let the gateway work: thirty thousand answers of 100 KB. */
const boundsOfRuns = { residentMax: 400, lifeWorkMsMax: 250 };

const chunks = Buffer.concat([
  toRequest({ headers: { authorization: "Bearer wrong", "transfer-encoding": "chunked" }, body: "" }),
  Buffer.from("1\r\nx\r\n".repeat(200_000)),
]);

const attacks: readonly (readonly [what: string, request: Buffer, connections: number, requests: number])[] = [
  ["the contract, from many connections", get("/openapi.json"), 120, 1300],
  ["the contract, many times", get("/openapi.json"), 12, 13_000],
  ["nothing that there is, with an expectation", toRequest({ method: "GET", headers: { expect: "x" } }), 120, 1500],
  ["a run, with a wrong token and a body in tiny chunks", chunks, 120, 1],
  ["the script of the reference", get("/docs.js"), 120, 1300],
  ["the models, with a token", get("/v1/models", ""), 120, 1300],
  ["the metrics, with a token", get("/metrics", ""), 120, 1300],
  ["what is refused", get("/v1/x", "Bearer wrong"), 60, 10_000],
  ["runs, with a token", toRequest({ body: toChatBody("@@repeat 100000") }), 60, 500],
];

test.for(attacks)("asking for %s and taking no answer stops nobody", async ([what, request, connections, requests]) => {
  const gateway = await startWatched();
  const over = gateway.watch();
  const all = Buffer.concat(Array.from({ length: requests }, () => request));
  for (const socket of await openMany(gateway.port, connections)) socket.pause().write(all);
  await delay(10_000);
  const seen = await over();
  console.log(`${what}: ${JSON.stringify(seen)}`);
  const most = request.includes("\r\n\r\n{") ? boundsOfRuns : bounds;
  expect(seen.residentMax).toBeLessThan(most.residentMax);
  expect(seen.lifeWorkMsMax).toBeLessThan(most.lifeWorkMsMax);
  expect((await gateway.stop()).status).toBe(0);
});
