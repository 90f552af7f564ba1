import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { ConstantFiles } from "./constant-file.ts";

const file = Buffer.from("a text that never changes. ".repeat(100));

async function serve(files: ConstantFiles): Promise<() => Promise<{ encoding: string | null; text: string }>> {
  const server = createServer((request, response) => files.send(request, response, { etag: '"1"' }, file));
  onTestFinished(() => void server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return async () => {
    const response = await fetch(`http://127.0.0.1:${port}`, { headers: { "accept-encoding": "gzip" } });
    expect(response.status).toBe(200);
    return { encoding: response.headers.get("content-encoding"), text: await response.text() };
  };
}

const silent = { warn: () => undefined };

test("a file is compressed once for all", async () => {
  let times = 0;
  const ask = await serve(
    new ConstantFiles(silent, async (bytes) => {
      times += 1;
      return new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip")))
        .bytes()
        .then((zipped) => Buffer.from(zipped));
    }),
  );
  const want = { encoding: "gzip", text: file.toString() };
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([want, want, want]);
  expect(times).toBe(1);
});

test("a file that cannot be compressed is sent as it is, and the log says so once", async () => {
  const lines: unknown[] = [];
  let times = 0;
  const ask = await serve(
    new ConstantFiles({ warn: (...line: unknown[]) => void lines.push(line) }, () => {
      times += 1;
      return Promise.reject(new Error("no memory"));
    }),
  );
  const want = { encoding: null, text: file.toString() };
  expect(await Promise.all([ask(), ask()])).toEqual([want, want]);
  expect(await ask()).toEqual(want);
  expect(times).toBe(1);
  expect(lines).toEqual([[{ bytes: file.length, err: new Error("no memory") }, "file not compressed"]]);
});
