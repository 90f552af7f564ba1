import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { ArrivalClock, countArrivals } from "./arrival-deadlines.ts";

const request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const deadlines = { headersMs: 300, requestMs: 600, checkMs: 50 };

/** A connection on which half a request has come. */
async function openHalf(): Promise<Socket> {
  const server = createServer({ connectionsCheckingInterval: deadlines.checkMs }, (_, response) =>
    response.end("here"),
  );
  countArrivals(server, deadlines);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1").setEncoding("latin1");
  onTestFinished(() => void socket.destroy());
  socket.write(request.slice(0, 20));
  await once(server, "connection");
  // The half is read.
  await new Promise((resolve) => setTimeout(resolve, 20));
  return socket;
}

/** As a process that was stopped. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

async function readAnswer(socket: Socket): Promise<string> {
  const [answer] = (await once(socket, "data")) as [string];
  return answer;
}

test("a request is answered whose rest has come while the process stood still", async () => {
  const socket = await openHalf();
  socket.write(request.slice(20));
  standStill(1_000);
  expect(await readAnswer(socket)).toContain("200 OK");
});

test("a request of which no more comes is refused, also after the process stood still", async () => {
  const socket = await openHalf();
  standStill(1_000);
  expect(await readAnswer(socket)).toContain("408 Request Timeout");
});

describe("the deadline of a request", () => {
  /** What Node is told at the last of these looks. */
  const lookAt = (...times: readonly number[]): number => {
    const clock = new ArrivalClock(1_000);
    for (const time of times) clock.look(time);
    return clock.toDeadline(10_000);
  };

  test.each<[what: string, looks: number[], want: number]>([
    ["is what it is where all looks are in time", [0, 1_000, 2_000], 10_000],
    ["is what it is where looks are a little late", [0, 1_400, 2_800], 10_000],
    ["is never at a look that comes late", [0, 1_000, 42_000], 0],
    ["is as much later then as the process stood still", [0, 1_000, 42_000, 43_000], 50_000],
    [
      "is so for all that can have begun before",
      [0, 1_000, 42_000, 43_000, 44_000, 45_000, 46_000, 47_000, 48_000, 49_000, 50_000, 51_000, 52_000],
      10_000,
    ],
    ["grows with each time that it stood still", [0, 42_000, 43_000, 49_000, 50_000], 56_000],
    ["is there at each second look of a loop that is always late", [0, 2_000, 4_000, 6_000, 8_000], 14_000],
  ])("%s", (_, looks, want) => {
    expect(lookAt(...looks)).toBe(want);
  });
});
