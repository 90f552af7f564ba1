import { expect, test } from "vitest";
import { onEnd } from "../../test/end.fixture.ts";
import { ReplaySocket } from "./replay-socket.ts";

const apartMs = 40;
const words = ["one", "two", "three", "four", "five", "six"];

test("what a process that stands still makes late keeps its distance", async () => {
  const events = words.map((came, n) => ({ at: n * apartMs, came }));
  const socket = new ReplaySocket(
    () => ({ events, begins: "server", sent: [] }),
    () => undefined,
  );
  onEnd(() => socket.destroy());
  const times: number[] = [];
  await new Promise<void>((resolve) => {
    socket.on("data", (piece: Buffer) => {
      times.push(performance.now());
      if (String(piece) === "two") while (performance.now() - times[1]! < 4 * apartMs) continue;
      if (times.length === words.length) resolve();
    });
  });
  // Without it all but one come at once; a timer may end a little early.
  for (const [n, at] of times.slice(3).entries()) expect(at - times[n + 2]!).toBeGreaterThan(apartMs / 2);
});

test("the last word of a WebSocket, which came too late to be recorded, is nothing that the recording lacks", async () => {
  const handshake = "GET / HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  const sent = { at: 0, sent: handshake.replace(/Key: .*/, "Key: *") };
  const events = [sent, { at: 1, came: "a" }, { at: 2, end: "server" as const }];
  for (const [said, want] of [
    ["\u0088\u0082\0\0\0\0\u0003\u00f1", []],
    ["\u0081\u0081\0\0\0\0x", ["\u0081\u0081\0\0\0\0x"]],
  ] as const) {
    const stale: string[] = [];
    const socket = new ReplaySocket(
      () => ({ events, begins: "suite", sent: [sent] }),
      (what) => stale.push(what),
    );
    onEnd(() => socket.destroy());
    socket.write(handshake);
    await new Promise((resolve) => socket.once("data", resolve));
    socket.write(said, "latin1");
    expect(stale).toEqual(want);
  }
});
