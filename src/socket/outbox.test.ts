import { EventEmitter, once } from "node:events";
import { expect, test } from "vitest";
import type { WebSocket } from "ws";
import { Outbox } from "./outbox.ts";

test.each([
  ["of ASCII", "x".repeat(26_214_400), "x"],
  ["of other letters", "\u{1F600}".repeat(6_553_600), "x"],
])(
  "a frame %s that no client takes ends the connection with the reason, and nothing is sent behind it",
  async (_, longest, more) => {
    const sent: number[] = [];
    const socket = Object.assign(new EventEmitter(), {
      readyState: 1,
      bufferedAmount: 0,
      send: (frame: string) => sent.push(frame.length),
      close: (...closed: unknown[]) => socket.emit("close", ...closed),
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all of a socket that it looks at
    const outbox = new Outbox(socket as unknown as WebSocket, {
      bufferedBytesMax: () => 1_000,
      onSlow: () => undefined,
      hasRoom: () => true,
    });
    const closed = once(socket, "close");
    outbox.send(longest);
    outbox.send(longest + more);
    outbox.send("behind");
    outbox.event("tick", "{}");
    expect({ sent, isOver: outbox.isOver }).toEqual({ sent: [longest.length], isOver: true });
    expect(await closed).toEqual([1009, "an answer is longer than a frame may be"]);
  },
);
