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
