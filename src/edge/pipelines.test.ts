import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { type Door, openDoor, toRequests } from "./door.fixture.ts";

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
  expect(most).toBeLessThanOrEqual(32);
});

test("what takes long is begun in smaller numbers, however much of it comes", async () => {
  let turn = 0;
  let isOver = false;
  const count = (): void => {
    turn++;
    if (!isOver) setImmediate(count);
  };
  const turns: number[] = [];
  const door = await openDoor({ runningMax: 16, waitingMax: 1000 }, (response) => {
    turns.push(turn);
    work(4);
    response.end();
  });
  count();
  await Promise.all(Array.from({ length: 8 }, () => door.send(...Array.from({ length: 20 }, () => "/"))));
  await expect.poll(() => turns).toHaveLength(8 * 20);
  isOver = true;
  // The first turns do not know it yet.
  const late = turns.slice(80);
  const most = Math.max(...late.map((each) => late.filter((other) => other === each).length));
  expect(most).toBeLessThanOrEqual(6);
});

test("a connection that comes while others are busy is accepted before they have all been helped", async () => {
  const events: string[] = [];
  const door = await openDoor({ runningMax: 16, waitingMax: 1000 }, (response) => {
    events.push("begun");
    work(4);
    response.end();
  });
  door.server.on("connection", () => events.push("accepted"));
  const count = 150;
  await Promise.all(Array.from({ length: count }, () => door.send("/")));
  await expect.poll(() => door.begun).toHaveLength(count);
  expect(events.slice(0, events.lastIndexOf("accepted")).filter((event) => event === "begun").length).toBeLessThan(
    count / 2,
  );
});

describe("in a flood", () => {
  test("little of each connection is looked at before the others have their turn", async () => {
    const door = await openDoor({ runningMax: 1, waitingMax: 100_000 });
    const sockets = await Promise.all(Array.from({ length: 20 }, () => door.dial()));
    await door.flood();
    for (const [index, socket] of sockets.entries()) socket.write(toRequests(repeat(`/bulk-${index}`, 1000)));
    await door.send("/late");
    await expect.poll(() => paths(door)).toContain("/late");
    expect(door.parsed.indexOf("/late")).toBeLessThan(20 * 20);
    expect(door.cuts()).toBe(0);
    // All come to it in the end.
    await expect.poll(() => new Set(paths(door)).size).toBe(20 + 1);
  });

  test("no more of a connection is looked at while a request of it waits", async () => {
    let isAnswering = false;
    const door = await openDoor({ runningMax: 1, waitingMax: 400 }, (response) => isAnswering && response.end());
    const socket = await door.dial();
    await door.flood();
    const asked = Array.from({ length: 1000 }, (_, index) => `/${index}`);
    socket.write(toRequests(asked));
    await expect.poll(() => paths(door)).toEqual(["/0"]);
    await door.send("/other");
    await expect.poll(() => paths(door)).toEqual(["/0", "/other"]);
    expect(door.parsed.length).toBeLessThan(20);
    isAnswering = true;
    for (const { response } of door.begun) response.end();
    await expect.poll(() => door.begun).toHaveLength(asked.length + 1);
    expect(paths(door).filter((path) => path !== "/other")).toEqual(asked);
  });

  test("what Node waits with until answers are taken is looked at then", async () => {
    const door = await openDoor({ runningMax: 16, waitingMax: 1000 }, (response) => {
      const lengths: Readonly<Record<string, number>> = { "/large": 60_000_000, "/long": 100_000 };
      response.end(Buffer.alloc(lengths[response.req.url ?? ""] ?? 0));
    });
    const socket = await door.dial();
    await door.flood();
    socket.pause();
    const small = repeat(`/${"x".repeat(300)}`, 10);
    socket.write(toRequests(["/large", "/long", ...small]));
    await expect.poll(() => paths(door)).toContain("/long");
    await door.send("/other");
    await expect.poll(() => paths(door)).toContain("/other");
    expect(door.begun.length).toBeLessThan(2 + small.length);
    socket.resume();
    await expect.poll(() => door.begun).toHaveLength(2 + small.length + 1);
  });

  test("what Node had stopped reading before is read when answers are taken", async () => {
    const door = await openDoor({ runningMax: 16, waitingMax: 1000 }, (response) => {
      const lengths: Readonly<Record<string, number>> = { "/large": 60_000_000, "/long": 100_000 };
      response.end(Buffer.alloc(lengths[response.req.url ?? ""] ?? 0));
    });
    const socket = await door.dial();
    socket.pause();
    socket.write(toRequests(["/large", "/long", "/1"]));
    await expect.poll(() => paths(door)).toContain("/1");
    socket.write(toRequests(["/2"]));
    await door.flood();
    await door.send("/other");
    await expect.poll(() => paths(door)).toEqual(["/other"]);
    socket.resume();
    await expect.poll(() => paths(door)).toEqual(["/other", "/2"]);
  });

  test("no more is held than the bytes of a number of connections", async () => {
    const door = await openDoor({ runningMax: 1, waitingMax: 100_000 });
    const sockets = await Promise.all(Array.from({ length: 400 }, () => door.dial()));
    await door.flood();
    for (const socket of sockets) socket.write(toRequests(repeat("/", 3000)));
    let most = 0;
    door.server.on("request", () => {
      const held = [...door.open].reduce((bytes, socket) => bytes + socket.readableLength, 0);
      most = Math.max(most, held);
    });
    // Those that have been stuck longest go.
    await expect.poll(() => door.cuts()).toBeGreaterThanOrEqual(400 - 128);
    expect(most).toBeLessThan((64 + 128) * 131_072);
    expect(door.open.size).toBe(128);
  });

  test("a connection that becomes another protocol's is left alone", async () => {
    const door = await openDoor({ runningMax: 16, waitingMax: 1000 });
    const [before, between] = await Promise.all([door.dial(), door.dial()]);
    const upgrade = `GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n`;
    const upgraded = new Set<Socket>();
    door.server.on("upgrade", ({ socket }) => upgraded.add(socket));
    before.write(upgrade);
    await expect.poll(() => upgraded.size).toBe(1);
    await door.flood();
    between.write(upgrade);
    (await door.dial()).write(upgrade);
    await expect.poll(() => upgraded.size).toBe(3);
    for (const socket of upgraded) {
      expect(socket.listenerCount("readable")).toBe(0);
      expect(Object.hasOwn(socket, "pause") || Object.hasOwn(socket, "resume")).toBe(false);
    }
  });
});

/** Keeps this thread busy, in its own time: the machine may have something else to do. */
function work(ms: number): void {
  const toMs = ({ user, system }: { user: number; system: number }): number => (user + system) / 1000;
  const until = toMs(process.threadCpuUsage()) + ms;
  while (toMs(process.threadCpuUsage()) < until);
}

function repeat(path: string, count: number): string[] {
  return Array.from({ length: count }, () => path);
}
