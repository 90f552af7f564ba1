import { once } from "node:events";
import { expect, test } from "vitest";
import { writeCommon } from "./common-answer.ts";
import { openDoor } from "./door.fixture.ts";

test("a long answer is given to the kernel over many turns, and comes whole", async () => {
  const bytes = Buffer.from("0123456789".repeat(300_000));
  let isOver = false;
  let most = 0;
  const door = await openDoor({}, (response) => {
    response.writeHead(200, { "content-length": bytes.length });
    let before = response.socket?.bytesWritten ?? 0;
    const look = (): void => {
      const now = response.socket?.bytesWritten ?? before;
      most = Math.max(most, now - before);
      before = now;
      if (!isOver) setImmediate(look);
    };
    setImmediate(look);
    writeCommon(response, bytes);
  });
  const socket = await door.send("/");
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  await once(door.server, "request");
  await expect.poll(() => door.begun[0]?.response.closed).toBe(true);
  await expect.poll(() => Buffer.concat(pieces).subarray(-bytes.length).equals(bytes)).toBe(true);
  isOver = true;
  expect(most).toBeLessThanOrEqual(2 * 131_072);
});

test("a client that leaves in the middle is no trouble", async () => {
  const door = await openDoor({}, (response) => writeCommon(response, Buffer.alloc(8_000_000)));
  const socket = await door.send("/");
  await once(socket, "data");
  socket.destroy();
  await expect.poll(() => door.begun[0]?.response.closed).toBe(true);
});
