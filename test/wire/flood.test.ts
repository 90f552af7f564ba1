import { once } from "node:events";
import type { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { createGatewayTest, testToken } from "../gateway.fixture.ts";
import { connect, connectParams, openSocket as openWebSocket } from "../socket/client.fixture.ts";
import { exchange, openSocket, toChatBody, toRequest, type WireSocket } from "./socket.fixture.ts";

const test = createGatewayTest({});

const life = toRequest({ method: "GET", path: "/healthz", headers: { authorization: null } });

/** From the answer on connections are read in portions: those that are open, and those that come within a second. */
async function flood(port: number): Promise<void> {
  const wire = await openSocket(port);
  wire.send(Buffer.concat(Array.from({ length: 400 }, () => life)));
  expect((await wire.read()).status).toBe(200);
  wire.socket.destroy();
}

/** A body in pieces of three bytes. */
function toChunked(id: string, body: string): Buffer {
  const head = { "x-request-id": id, "content-length": null, "transfer-encoding": "chunked" };
  const bytes = toRequest({ headers: head, body });
  const at = bytes.indexOf("\r\n\r\n") + 4;
  const pieces = (body.match(/.{1,3}/gs) ?? []).map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(`${pieces.join("")}0\r\n\r\n`)]);
}

interface Kind {
  readonly toBytes: (id: string) => Buffer;
  readonly status: number;
  /** Of its own in the answer. */
  readonly text?: (id: string) => string;
}

const get = (path: string, authorization: string | null = null) => ({
  toBytes: (id: string) => toRequest({ method: "GET", path, headers: { authorization, "x-request-id": id } }),
});

const kinds: Readonly<Record<string, Kind>> = {
  life: { ...get("/healthz"), status: 200 },
  "an answer that Node waits with until it is taken": { ...get("/openapi.json"), status: 200 },
  "an answer in pieces": { ...get("/docs"), status: 200 },
  "what is not there": { ...get("/nothing"), status: 404 },
  "what is secured": { ...get("/v1/models"), status: 401 },
  "a run": {
    toBytes: (id) => toRequest({ headers: { "x-request-id": id }, body: toChatBody(`@@echo it is ${id}`) }),
    status: 200,
    text: (id) => `it is ${id}`,
  },
  "a long run": {
    toBytes: (id) =>
      toRequest({ headers: { "x-request-id": id }, body: toChatBody(`@@echo ${"x".repeat(30_000)} it is ${id}`) }),
    status: 200,
    text: (id) => `xxx it is ${id}`,
  },
  "a run in chunks": {
    toBytes: (id) => toChunked(id, toChatBody(`@@echo it is ${id}`)),
    status: 200,
    text: (id) => `it is ${id}`,
  },
  "a body that is not read": {
    toBytes: (id) =>
      toRequest({ path: "/nothing", headers: { "x-request-id": id, authorization: null }, body: "x".repeat(3000) }),
    status: 404,
  },
};

interface Client {
  readonly kinds: readonly string[];
  /** Where its bytes are cut, as parts of a whole. */
  readonly cuts: readonly number[];
  /** How many of the pieces come before the flood. */
  readonly early: number;
  /** Whether it takes no answer until others have theirs. */
  readonly isLate: boolean;
}

const clients: fc.Arbitrary<Client> = fc.record({
  kinds: fc.array(fc.constantFrom(...Object.keys(kinds)), { minLength: 1, maxLength: 40 }),
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
  early: fc.nat({ max: 4 }),
  isLate: fc.boolean(),
});

function toPieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => Math.floor(cut * bytes.length)).toSorted((one, other) => one - other)];
  return places.map((place, index) => bytes.subarray(place, places[index + 1]));
}

async function sendAll(socket: Socket, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    socket.write(piece);
    // oxlint-disable-next-line no-await-in-loop -- one piece after the other
    await nextTurn();
  }
}

describe("in a flood", () => {
  test("every client gets the answers to its requests, in order, whatever it sends and wherever that is cut", async ({
    gateway: { port },
  }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(clients, { minLength: 1, maxLength: 4 }), async (all) => {
        const sent = all.map((client, index) => {
          const asked = client.kinds.map((name, place) => ({ id: `c${index}-r${place}`, kind: kinds[name] as Kind }));
          const bytes = Buffer.concat(asked.map(({ id, kind }) => kind.toBytes(id)));
          return { ...client, asked, pieces: toPieces(bytes, client.cuts) };
        });
        const wires = new Map<(typeof sent)[number], WireSocket>();
        for (const one of sent.filter(({ early }) => early > 0)) {
          const wire = await openSocket(port);
          wires.set(one, wire);
          await sendAll(wire.socket, one.pieces.slice(0, one.early));
        }
        await flood(port);
        const played = sent.map(async (one) => {
          const wire = wires.get(one) ?? (await openSocket(port));
          const writing = sendAll(wire.socket, one.pieces.slice(one.early));
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          for (let round = 0; one.isLate && round < 20; round++) await exchange(port, life);
          for (const { id, kind } of one.asked) {
            // oxlint-disable-next-line no-await-in-loop -- one answer after the other
            const { status, headers, text } = await wire.read();
            expect({ id: headers["x-request-id"], status }).toEqual({ id, status: kind.status });
            expect(text).toContain(kind.text?.(id) ?? "");
          }
          await writing;
          wire.socket.destroy();
        });
        await Promise.all(played);
      }),
      { numRuns: 30 },
    );
  });

  test.for([
    ["what is no HTTP", "BLAH\r\n\r\n", 400],
    ["a header that is too long", `GET / HTTP/1.1\r\nx-a: ${"a".repeat(20_000)}\r\n\r\n`, 431],
  ] as const)("%s ends a connection after the answers to what came before", async ([, text, status], { gateway }) => {
    await flood(gateway.port);
    const wire = await openSocket(gateway.port);
    wire.send(life);
    expect((await wire.read()).status).toBe(200);
    wire.send(`${text}${"more of it\r\n".repeat(100)}`);
    const { headers, status: given } = await wire.read();
    expect(given).toBe(status);
    expect(headers["connection"]).toBe("close");
    expect(await wire.readRest()).toHaveLength(0);
  });

  test("a client that says that it will send no more, and reads late, gets its answers and the end", async ({
    gateway: { port },
  }) => {
    await flood(port);
    const wire = await openSocket(port);
    const page = toRequest({ method: "GET", path: "/docs", headers: { authorization: null } });
    // More than the kernel takes, so that Node waits with what follows.
    const asked = [...Array.from({ length: 6 }, () => page), ...Array.from({ length: 40 }, () => life)];
    wire.socket.end(Buffer.concat(asked));
    for (let round = 0; round < 50; round++) await exchange(port, life);
    for (const _ of asked) expect((await wire.read()).status).toBe(200);
    // And not only when a connection without requests is ended.
    let isOver = false;
    const ended = wire.readRest().then((rest) => (isOver = rest.length === 0));
    for (let round = 0; round < 50; round++) await exchange(port, life);
    expect(isOver).toBe(true);
    await ended;
  });

  test("a client that leaves cancels its run", async ({ gateway: { port, log } }) => {
    await flood(port);
    const wire = await openSocket(port);
    wire.send(toRequest({ headers: { "x-request-id": "left" }, body: toChatBody("@@think 10s") }));
    await exchange(port, life);
    wire.socket.destroy();
    await expect.poll(() => log.find(({ requestId }) => requestId === "left")).toMatchObject({ code: "cancelled" });
  });

  test("a WebSocket from before goes on, and another one opens", async ({ gateway }) => {
    const before = await connect(gateway);
    await flood(gateway.port);
    const after = await connect(gateway);
    for (const socket of [before, after, before]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await socket.request("agents.list")).toMatchObject({ defaultId: "main" });
    }
    expect(await openWebSocket(gateway.url)).toBeDefined();
  });

  test("frames that follow a handshake at once are read as frames", async ({ gateway: { port } }) => {
    await flood(port);
    const { socket } = await openSocket(port);
    const params = { ...connectParams, auth: { token: testToken } };
    const frame = Buffer.from(JSON.stringify({ type: "req", id: "1", method: "connect", params }));
    const handshake = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
    const key = { "sec-websocket-key": Buffer.alloc(16).toString("base64") };
    const request = toRequest({ method: "GET", path: "/", headers: { ...handshake, ...key, authorization: null } });
    // A mask of zeros changes nothing.
    const head = Buffer.from([0x81, 0xfe, frame.length >> 8, frame.length & 0xff, 0, 0, 0, 0]);
    socket.write(Buffer.concat([request, head, frame]));
    let text = "";
    while (!text.includes('"id":"1"')) {
      // oxlint-disable-next-line no-await-in-loop -- until it has come
      const [bytes] = (await once(socket, "data")) as [Buffer];
      text += bytes.toString("latin1");
    }
    expect(text).toContain('"ok":true');
  });
});
