import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerOptions, type ServerResponse } from "node:http";
import { connect, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { boundPipelines, type ParserError, type PipelineLimits } from "./pipelines.ts";

interface Door {
  /** The requests that have begun and are not answered, in order. */
  readonly begun: { readonly path: string; readonly response: ServerResponse }[];
  /** The codes of what Node said of a connection that was none of the pipelines'. */
  readonly faults: readonly (string | undefined)[];
  /** How many requests Node has made of what came. */
  readonly parsed: () => number;
  readonly cuts: () => number;
  /** Bytes that wait to be parsed. */
  readonly held: () => number;
  readonly port: number;
  readonly server: Server;
  /** Sends requests for these paths at once on a connection of its own. */
  readonly send: (...paths: string[]) => Promise<Socket>;
}

async function openDoor(
  limits: Partial<PipelineLimits>,
  onRequest?: (response: ServerResponse) => void | Promise<void>,
  given: ServerOptions = {},
): Promise<Door> {
  const begun: Door["begun"] = [];
  const faults: (string | undefined)[] = [];
  let cuts = 0;
  let parsed = 0;
  const listener: RequestListener = ({ url }, response) => {
    begun.push({ path: url ?? "", response });
    void onRequest?.(response);
  };
  const pipelines = boundPipelines(listener, {
    runningMax: 2,
    bytesMax: 1_048_576,
    onCut: () => cuts++,
    ...limits,
  });
  const server = createServer(given, (request, response) => {
    parsed++;
    pipelines.listener(request, response);
  });
  server.on("connection", pipelines.greet);
  server.on("clientError", (error: ParserError, socket) => {
    if (socket instanceof Socket && pipelines.explain(error, socket)) return;
    faults.push(error.code);
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const send: Door["send"] = async (...paths) => {
    const socket = connect(address.port, "127.0.0.1").on("error", () => undefined);
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join(""));
    return socket;
  };
  const held = (): number => pipelines.held;
  return { begun, faults, parsed: () => parsed, cuts: () => cuts, held, port: address.port, server, send };
}

const paths = ({ begun }: Door): string[] => begun.map(({ path }) => path);

test("a request waits while as many of its connection run as may, and begins when one of them is answered", async () => {
  const door = await openDoor({});
  await door.send("/1", "/2", "/3", "/4");
  await expect.poll(() => paths(door)).toEqual(["/1", "/2"]);
  door.begun[0]?.response.end();
  await expect.poll(() => paths(door)).toEqual(["/1", "/2", "/3"]);
  door.begun[1]?.response.end();
  await expect.poll(() => paths(door)).toEqual(["/1", "/2", "/3", "/4"]);
});

test("what is sent while a request waits is read once none does", async () => {
  const door = await openDoor({ runningMax: 2 });
  const socket = await door.send("/1", "/2", "/3");
  await expect.poll(() => paths(door)).toEqual(["/1", "/2"]);
  socket.write("GET /4 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /5 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  // Another connection's request shows that the port has been looked at since.
  await door.send("/other");
  await expect.poll(() => paths(door)).toEqual(["/1", "/2", "/other"]);
  expect(door.cuts()).toBe(0);
  for (let answered = 0; answered < 6; answered++) {
    await expect.poll(() => door.begun[answered]).toBeDefined();
    door.begun[answered]?.response.end();
  }
  expect(paths(door)).toEqual(["/1", "/2", "/other", "/3", "/4", "/5"]);
});

test("of a client that sends all it can no more is parsed than begins, and the next", async () => {
  const door = await openDoor({ runningMax: 4 });
  await door.send(...Array.from({ length: 2000 }, () => "/"));
  await expect.poll(() => door.begun).toHaveLength(4);
  await door.send("/late");
  await expect.poll(() => paths(door)).toContain("/late");
  expect(door.parsed()).toBeLessThanOrEqual(4 + 1 + 1);
  expect(door.held()).toBeGreaterThan(0);
});

test("the connection whose bytes are too many is closed, and the others are served", async () => {
  const door = await openDoor({ bytesMax: 200 });
  const patient = await door.send("/1", "/2", "/3", "/4");
  await expect.poll(() => paths(door)).toEqual(["/1", "/2"]);
  const greedy = await door.send("/a", "/b", ...Array.from({ length: 9 }, () => "/c"));
  await once(greedy, "close");
  expect(paths(door)).toEqual(["/1", "/2", "/a", "/b"]);
  expect(door.cuts()).toBe(1);
  expect(patient.destroyed).toBe(false);
  await expect.poll(door.held).toBeLessThan(200);
  door.begun[0]?.response.end();
  await expect.poll(() => paths(door)).toEqual(["/1", "/2", "/a", "/b", "/3"]);
});

test("a connection that ends gives back the room that its waiting requests took", async () => {
  const door = await openDoor({});
  for (let round = 1; round <= 4; round++) {
    const socket = await door.send("/1", "/2", "/3", "/4", "/5");
    await expect.poll(() => door.begun.length).toBe(2 * round);
    socket.resetAndDestroy();
    // Nothing is read from it any more, so that its end shows when something is written.
    door.begun.at(-2)?.response.end();
    await expect.poll(() => door.begun.at(-1)?.response.closed).toBe(true);
  }
  expect(door.cuts()).toBe(0);
  await expect.poll(door.held).toBe(0);
});

test("a request that waits is not held to the time in which it should have come, whole or not", async () => {
  const door = await openDoor({}, undefined, { requestTimeout: 1000, connectionsCheckingInterval: 50 });
  const socket = await door.send("/1", "/2", "/3", "/4");
  const body = `POST /5 HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n`;
  const other = connect(door.port, "127.0.0.1").on("error", () => undefined);
  onTestFinished(() => void other.destroy());
  other.write(`${"GET /a HTTP/1.1\r\nhost: x\r\n\r\n".repeat(2)}${body}body${body}bo`);
  await expect.poll(() => door.begun).toHaveLength(4);
  await delay(1500);
  expect(socket.destroyed || other.destroyed).toBe(false);
  for (let answered = 0; answered < 7; answered++) {
    await expect.poll(() => door.begun[answered]).toBeDefined();
    door.begun[answered]?.response.end();
  }
  // The last one's time was over, and there is not all of it now either.
  await expect.poll(() => door.cuts() + door.faults.length).toBe(1);
});

test("requests that are answered at once leave the process to others in between", async () => {
  let turn = 0;
  let isOver = false;
  const count = (): void => {
    turn++;
    if (!isOver) setImmediate(count);
  };
  const turns: number[] = [];
  const door = await openDoor({}, (response) => {
    turns.push(turn);
    response.end();
  });
  count();
  await door.send(...Array.from({ length: 100 }, () => "/"));
  await expect.poll(() => turns).toHaveLength(100);
  isOver = true;
  const most = Math.max(...turns.map((each) => turns.filter((other) => other === each).length));
  expect(most).toBeLessThanOrEqual(4);
});

test("what many connections send at once is begun over several turns, each connection in its turn", async () => {
  let turn = 0;
  let isOver = false;
  const count = (): void => {
    turn++;
    if (!isOver) setImmediate(count);
  };
  const turns: number[] = [];
  const door = await openDoor({ runningMax: 16 }, (response) => {
    turns.push(turn);
    response.end();
  });
  const sockets = await Promise.all(Array.from({ length: 12 }, () => door.send("/first")));
  await expect.poll(() => turns).toHaveLength(12);
  count();
  const request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
  for (const socket of sockets) socket.write(request.repeat(40));
  await expect.poll(() => turns).toHaveLength(12 + 12 * 40);
  isOver = true;
  const most = Math.max(...turns.map((each) => turns.filter((other) => other === each).length));
  expect(most).toBeLessThanOrEqual(64 + 15);
});

test("while many send all they can, whoever comes is begun at once", async () => {
  const door = await openDoor({ runningMax: 16 }, (response) => void response.end());
  const sockets = await Promise.all(Array.from({ length: 20 }, (_, index) => door.send(`/first-${index}`)));
  await expect.poll(() => door.begun).toHaveLength(20);
  for (const socket of sockets) socket.write("GET /bulk HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1000));
  await door.send("/late");
  await expect.poll(() => paths(door)).toContain("/late");
  expect(paths(door).indexOf("/late")).toBeLessThan(400);
  // All come to it in the end.
  await expect.poll(() => door.begun, { timeout: 20_000 }).toHaveLength(20 + 20 * 1000 + 1);
});

test("while many send bodies in tiny chunks, whoever comes is begun at once", async () => {
  let bytes = 0;
  const door = await openDoor({ bytesMax: 16_777_216 }, (response) => {
    response.req.on("data", (piece: Buffer) => (bytes += piece.length)).on("end", () => response.end());
  });
  const head = "POST /bulk HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
  const body = `${"1\r\nx\r\n".repeat(20_000)}0\r\n\r\n`;
  const sockets = await Promise.all(Array.from({ length: 20 }, () => door.send("/first")));
  await expect.poll(() => door.begun).toHaveLength(20);
  for (const socket of sockets) socket.write(head + body);
  await door.send("/late");
  await expect.poll(() => paths(door), { interval: 1 }).toContain("/late");
  // One read of each would be 218,000.
  expect(bytes).toBeLessThan(100_000);
  await expect.poll(() => bytes, { timeout: 20_000 }).toBe(20 * 20_000);
  await expect.poll(door.held).toBe(0);
});

test("a connection that becomes something else has every byte that came behind", async () => {
  const door = await openDoor({}, (response) => void response.req.resume().on("end", () => response.end("[done]")));
  const heard: Buffer[] = [];
  door.server.on("upgrade", (_, socket, head) => {
    heard.push(head);
    socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n");
    socket.on("data", (piece: Buffer) => heard.push(piece));
  });
  const socket = connect(door.port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`);
  let text = "";
  socket.setEncoding("latin1").on("data", (piece: string) => (text += piece));
  await expect.poll(() => text).toContain("[done]");
  const frames = "0123456789".repeat(3000);
  socket.write(`GET / HTTP/1.1\r\nhost: x\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n${frames}`);
  await expect.poll(() => text).toContain("101 Switching");
  socket.write("the end");
  await expect.poll(() => Buffer.concat(heard).toString()).toBe(`${frames}the end`);
});

test.each([
  ["no body", "\r\n"],
  ["a length", "content-length: 5\r\n\r\nhello"],
  ["chunks", "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"],
])("what comes behind an offer of something else that is not taken up is answered too: with %s", async (_, rest) => {
  const door = await openDoor({}, (response) => void response.end(`[${response.req.url}]`));
  const socket = connect(door.port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.setEncoding("latin1").on("data", (piece: string) => (text += piece));
  const offer = `POST /offer HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n${rest}`;
  socket.write(`${offer}GET /2 HTTP/1.1\r\nhost: x\r\n\r\n${offer}GET /4 HTTP/1.1\r\nhost: x\r\n\r\n`);
  await expect.poll(() => text.match(/\[[^\]]*\]/g)).toEqual(["[/offer]", "[/2]", "[/offer]", "[/4]"]);
  expect([door.held(), ...door.faults]).toEqual([0]);
});

test("whatever is sent in whatever pieces is answered once and in order, and read in between as it may", async () => {
  const bodies = { none: "", length: "content-length: 5\r\n", chunks: "transfer-encoding: chunked\r\n" };
  const payloads = { none: "", length: "hello", chunks: "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n" };
  const offer = "connection: upgrade\r\nupgrade: h2c\r\n";
  const kind = fc.constantFrom("none", "length", "chunks", "expect");
  const sent = fc.record({
    kinds: fc.array(fc.tuple(kind, fc.constantFrom("", "", offer)), { minLength: 1, maxLength: 60 }),
    pieces: fc.array(fc.integer({ min: 1, max: 2000 }), { maxLength: 12 }),
    runningMax: fc.integer({ min: 1, max: 5 }),
    lateness: fc.constantFrom("at once", "later", "slowly"),
  });
  await fc.assert(
    fc.asyncProperty(sent, async ({ kinds, pieces, runningMax, lateness }) => {
      let at = 0;
      const door = await openDoor({ runningMax }, async (response) => {
        const { url = "", method } = response.req;
        const place = at++;
        let body = "";
        if (method === "POST") for await (const piece of response.req) body += String(piece);
        if (lateness === "later") await new Promise(setImmediate);
        if (lateness === "slowly" && place % 3 === 0) await delay(1);
        response.end(`[${url} ${body}]`);
      });
      const requests = kinds.map(([each, offered], index) => {
        if (each === "none") return `GET /${index} HTTP/1.1\r\nhost: x\r\n${offered}\r\n`;
        if (each === "expect") return `GET /${index} HTTP/1.1\r\nhost: x\r\n${offered}expect: 100-continue\r\n\r\n`;
        return `POST /${index} HTTP/1.1\r\nhost: x\r\n${offered}${bodies[each]}\r\n${payloads[each]}`;
      });
      const want = kinds.map(([each], index) => `[/${index} ${each === "length" || each === "chunks" ? "hello" : ""}]`);
      const socket = connect(door.port, "127.0.0.1");
      let text = "";
      socket.setEncoding("latin1").on("data", (piece: string) => (text += piece));
      let rest = requests.join("");
      for (const length of pieces) {
        socket.write(rest.slice(0, length));
        rest = rest.slice(length);
        await new Promise(setImmediate);
      }
      socket.write(rest);
      await expect.poll(() => text.match(/\[[^\]]*\]/g) ?? [], { interval: 2 }).toHaveLength(kinds.length);
      expect(text.match(/\[[^\]]*\]/g)).toEqual(want);
      expect([door.held(), door.cuts(), ...door.faults]).toEqual([0, 0]);
      socket.destroy();
    }),
    { numRuns: 60, endOnFailure: true },
  );
});
