import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { boundPipelines, type PipelineLimits } from "./pipelines.ts";

interface Door {
  /** The requests that have begun and are not answered, in order. */
  readonly begun: { readonly path: string; readonly response: ServerResponse }[];
  readonly cuts: () => number;
  /** Sends requests for these paths at once on a connection of its own. */
  readonly send: (...paths: string[]) => Promise<Socket>;
}

async function openDoor(
  limits: Partial<PipelineLimits>,
  onRequest?: (response: ServerResponse) => void,
): Promise<Door> {
  const begun: Door["begun"] = [];
  let cuts = 0;
  const listener: RequestListener = ({ url }, response) => {
    begun.push({ path: url ?? "", response });
    onRequest?.(response);
  };
  const open = new Set<Socket>();
  const pipelines = boundPipelines(listener, {
    runningMax: 2,
    waitingMax: 3,
    onCut: () => cuts++,
    connections: () => open,
    ...limits,
  });
  const server = createServer(pipelines.listener);
  server.on("connection", (socket) => open.add(socket));
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
  return { begun, cuts: () => cuts, send };
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
  const door = await openDoor({ waitingMax: 1 });
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

test("the connection with one request too many is closed, and the others are served", async () => {
  const door = await openDoor({});
  const patient = await door.send("/1", "/2", "/3", "/4");
  await expect.poll(() => paths(door)).toEqual(["/1", "/2"]);
  const greedy = await door.send("/a", "/b", "/c", "/d", "/e", "/f");
  await once(greedy, "close");
  expect(paths(door)).toEqual(["/1", "/2", "/a", "/b"]);
  expect(door.cuts()).toBe(1);
  expect(patient.destroyed).toBe(false);
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
});

test("requests that are answered at once leave the process to others in between", async () => {
  let turn = 0;
  let isOver = false;
  const count = (): void => {
    turn++;
    if (!isOver) setImmediate(count);
  };
  const turns: number[] = [];
  const door = await openDoor({ waitingMax: 100 }, (response) => {
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
  const door = await openDoor({ runningMax: 16, waitingMax: 1000 }, (response) => {
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

test("while some send much in one go, whoever comes is begun before all of them are read", async () => {
  const door = await openDoor({ runningMax: 1, waitingMax: 100_000 });
  const sockets = await Promise.all(Array.from({ length: 20 }, (_, index) => door.send(`/first-${index}`)));
  await expect.poll(() => door.begun).toHaveLength(20);
  for (const { response } of door.begun) response.end();
  const request = (index: number): string => `GET /bulk-${index} HTTP/1.1\r\nhost: x\r\n\r\n`;
  for (const [index, socket] of sockets.entries()) socket.write(request(index).repeat(1000));
  await door.send("/late");
  await expect.poll(() => paths(door)).toContain("/late");
  const before = paths(door).slice(20, paths(door).indexOf("/late"));
  expect(before.length).toBeLessThan(15);
  // All come to it in the end.
  await expect.poll(() => new Set(paths(door)).size).toBe(20 + 20 + 1);
});
