import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { collect, piecesMax } from "./collect.ts";

test("of a body in very many pieces the first are apart, the rest as far apart as can be seen, and all its bytes are there", async () => {
  const response = new IncomingMessage(new Socket());
  let now = 0;
  const reading = collect(response, () => now++, { bytesMax: 4 * 1024 * 1024 });
  const count = 50_000;
  for (let n = 0; n < count; n++) response.push(`${n} `);
  response.push(null);
  response.complete = true;
  const { pieces, end } = await reading;
  expect(end).toBe("complete");
  expect(pieces.length).toBeLessThan(count / 10);
  expect(String(pieces[7]?.bytes)).toBe("7 ");
  const times = pieces.map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(Math.max(...times.slice(1).map((atMs, n) => atMs - (times[n] ?? 0)))).toBeLessThan(25);
  expect(Buffer.concat(pieces.map(({ bytes }) => bytes)).toString()).toBe(
    Array.from({ length: count }, (_, n) => `${n} `).join(""),
  );
});

test("a body in more pieces than anybody streams is cut off", async () => {
  const response = new IncomingMessage(new Socket());
  const reading = collect(response, () => 0, { bytesMax: 4 * 1024 * 1024 });
  for (let n = 0; n <= piecesMax; n++) response.push("x");
  const { pieces, end } = await reading;
  expect(end).toBe("limit");
  expect(pieces.length).toBeLessThan(piecesMax / 10);
});
