import { describe, expect, test } from "vitest";
import { startTestGateway, testToken } from "../gateway.fixture.ts";
import { createPlace, usual } from "../command.fixture.ts";
import { startProcess } from "../process.fixture.ts";
import { exchange, openSocket, toChatBody, toRequest } from "./socket.fixture.ts";

const contract = toRequest({ method: "GET", path: "/openapi.json", headers: { authorization: null } });
const life = toRequest({ method: "GET", path: "/healthz", headers: { authorization: null } });
/** What fits into one read of the port: Node's parser makes a request object of each before anything can stop it. */
const burst = Math.floor(65_536 / contract.length);

const repeat = (request: Buffer, count: number): Buffer => Buffer.concat(Array.from({ length: count }, () => request));

describe("a client that sends requests and reads no answer", () => {
  test("has a bounded number of them under way", async () => {
    const { port, log } = await startTestGateway({ config: { gateway: { http: { pipelineMax: 4 } } } });
    const silent = await openSocket(port);
    silent.send(repeat(contract, burst));
    for (let round = 0; round < 8; round++) expect((await exchange(port, life)).status).toBe(200);
    const answered = log.filter(({ operation }) => operation === "getContract").length;
    silent.socket.resetAndDestroy();
    await expect.poll(() => log.filter(({ left }) => left === true).length).toBeGreaterThan(0);
    const left = log.filter(({ left: gone }) => gone === true).length;
    expect(left).toBeLessThanOrEqual(4);
    // What the kernel took off the gateway's hands counts as answered.
    expect(answered + left).toBeLessThan(burst);
  });

  test("does not end a gateway with a small heap, be there a dozen of them and many requests under way", async () => {
    const config = { ...usual, gateway: { port: 0, http: { pipelineMax: 1024 } } };
    const environment = { OPENCLAW_GATEWAY_TOKEN: testToken, NODE_OPTIONS: "--max-old-space-size=128" };
    const gateway = await startProcess(createPlace({ config, environment }));
    const port = Number(new URL(gateway.url).port);
    const silent = await Promise.all(Array.from({ length: 12 }, () => openSocket(port)));
    for (const { socket } of silent) {
      socket.on("error", () => undefined);
      socket.write(repeat(contract, burst));
    }
    for (let round = 0; round < 8; round++) expect((await exchange(port, life)).status).toBe(200);
    for (const { socket } of silent) socket.destroy();
    expect((await gateway.stop()).status).toBe(0);
  });
});

describe("a client that pipelines and reads", () => {
  test("gets every answer, in the order of its requests", async () => {
    const { port } = await startTestGateway({ config: { gateway: { http: { pipelineMax: 2 } } } });
    const wire = await openSocket(port);
    const calls = Array.from({ length: 40 }, (_, call) => toRequest({ body: toChatBody(`@@echo call ${call} end`) }));
    wire.send(Buffer.concat(calls));
    for (const call of calls.keys()) expect((await wire.read()).text).toContain(`call ${call} end`);
  });

  test("gets them although more come than one read holds", async () => {
    const { port } = await startTestGateway();
    const wire = await openSocket(port);
    const padded = toRequest({ method: "GET", path: "/healthz", headers: { "x-padding": "x".repeat(1000) } });
    wire.send(repeat(padded, 200));
    for (let answer = 0; answer < 200; answer++) expect((await wire.read()).status).toBe(200);
    wire.send(toRequest());
    expect((await wire.read()).text).toContain('"content":"ok"');
  });

  test("may leave while its requests wait, which then never begin", async () => {
    const { port, log } = await startTestGateway({ config: { gateway: { http: { pipelineMax: 2 } } } });
    const wire = await openSocket(port);
    const calls = ["@@think 200ms", "@@think 10s", "@@echo late", "@@echo late"];
    wire.send(Buffer.concat(calls.map((text) => toRequest({ body: toChatBody(text) }))));
    await exchange(port, life);
    wire.socket.resetAndDestroy();
    // Nothing is read from this client any more, so that its end shows when the first answer is written.
    await expect.poll(() => log.filter(({ left }) => left === true)).toHaveLength(2);
    expect((await exchange(port, toRequest())).status).toBe(200);
    expect(log.filter(({ operation }) => operation === "createChatCompletion")).toMatchObject([
      { left: true, status: 200 },
      { left: true, status: 499, code: "cancelled" },
      { status: 200 },
    ]);
  });
});
