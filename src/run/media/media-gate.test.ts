import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Message } from "../../base/contract.ts";
import { createMediaGate, type MediaOptions } from "./media-gate.ts";
import {
  createNetwork,
  fetchRefused,
  options,
  pixel,
  pixelUrl,
  startInternet,
  startWire,
  toImages,
} from "../../outbound/internet.fixture.ts";
import { type Network, publicNetwork } from "../../outbound/public-network.ts";

const stays = new AbortController().signal;

function withUrls(imageUrls: Partial<MediaOptions["imageUrls"]>, limits: Partial<MediaOptions> = {}): MediaOptions {
  return { ...options, ...limits, imageUrls: { ...options.imageUrls, ...imageUrls } };
}

function toUrls(messages: readonly Message[]): unknown[] {
  return messages.flatMap(({ content }) =>
    Array.isArray(content) ? content.flatMap((part) => (part.type === "image_url" ? [part.image_url.url] : [])) : [],
  );
}

it("refuses an address while fetching is off, and asks the network nothing", async () => {
  const { network, lookups, connects } = createNetwork();
  for (const url of ["http://img.example/a.png", "HTTPS://img.example/", "http://127.0.0.1/"]) {
    expect(await fetchRefused(url, network, { enabled: false })).toMatchObject({
      code: "image_url_not_allowed",
      param: "messages[0].content[0].image_url.url",
    });
  }
  expect({ lookups, connects }).toEqual({ lookups: [], connects: [] });
});

describe("what is admitted", () => {
  it("is the same list where there is nothing to fetch", async () => {
    const messages: Message[] = [{ role: "user", content: "hi" }, ...toImages(pixelUrl)];
    expect(await createMediaGate(options, createNetwork().network).admit(messages, stays)).toBe(messages);
  });

  it("has a data URL where an address was, and everything else as it came", async () => {
    const { port, network, requests } = await startInternet();
    const link = `http://img.example:${port}/a.png?b=c#d`;
    const [images] = toImages(link, pixelUrl, link) as [Message];
    const messages: Message[] = [{ role: "system", content: "Look." }, images, { role: "user", content: "Well?" }];
    const before = structuredClone(messages);
    const admitted = await createMediaGate(options, network).admit(messages, stays);
    expect(toUrls(admitted)).toEqual([pixelUrl, pixelUrl, pixelUrl]);
    expect(messages).toEqual(before);
    expect(admitted[0]).toBe(messages[0]);
    expect(admitted[2]).toBe(messages[2]);
    expect(requests.map(({ url }) => url)).toEqual(["/a.png?b=c", "/a.png?b=c"]);
  });

  it("keeps the detail of an image, and has the type that its bytes say", async () => {
    const { port, network } = await startInternet((_request, response) => {
      response.setHeader("content-type", "text/html");
      response.end("GIF89a\x02\0\x03\0");
    });
    const url = `http://img.example:${port}/`;
    const admitted = await createMediaGate(options, network).admit(
      [{ role: "user", content: [{ type: "image_url", image_url: { url, detail: "low" } }] }],
      stays,
    );
    expect(admitted).toEqual([
      {
        role: "user",
        content: [{ type: "image_url", image_url: { url: "data:image/gif;base64,R0lGODlhAgADAA==", detail: "low" } }],
      },
    ]);
  });
});

describe("the limits of a request hold for what is fetched", () => {
  it("in bytes, with what the messages themselves have", async () => {
    const { port, network } = await startInternet();
    const url = `http://img.example:${port}/`;
    const admit = (bytesMax: number): Promise<unknown> =>
      createMediaGate(withUrls({ timeoutMs: 500 }, { bytesMax }), network).admit(toImages(pixelUrl, url, url), stays);
    await expect(admit(3 * pixel.length - 1)).rejects.toMatchObject({
      code: "image_fetch_failed",
      cause: { message: "more bytes than a request may have" },
    });
    await expect(admit(3 * pixel.length)).resolves.toHaveLength(1);
  });

  it("in number, up to which the fetches do not disturb each other", async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error): void => void warnings.push(warning);
    process.on("warning", warn);
    onTestFinished(() => void process.off("warning", warn));
    const { port, network, connects } = await startInternet();
    const urls = Array.from({ length: 8 }, () => `http://img.example:${port}/`);
    await createMediaGate(options, network).admit(toImages(...urls), stays);
    expect(connects).toHaveLength(8);
    expect(warnings).toEqual([]);
  });

  it("in number and in what the messages themselves have, before anything is fetched", async () => {
    const { port, network, lookups } = await startInternet();
    const url = `http://img.example:${port}/`;
    const admit = (...urls: string[]): Promise<unknown> =>
      createMediaGate(options, network).admit(toImages(...urls), stays);
    await expect(admit(...Array.from({ length: 9 }, () => url))).rejects.toMatchObject({ code: "invalid_value" });
    await expect(admit(url, "data:image/png;base64,%")).rejects.toMatchObject({ code: "invalid_value" });
    expect(lookups).toEqual([]);
  });
});

it("fetches the images of a request side by side, and names the first that failed", async () => {
  const waiting: (() => void)[] = [];
  const { port, network } = await startInternet((request, response) => {
    waiting.push(() => void response.end(request.url === "/bad" ? "bad" : pixel));
    if (waiting.length === 3) for (const answer of waiting) answer();
  });
  const url = `http://img.example:${port}`;
  const gate = createMediaGate(withUrls({ timeoutMs: 2000 }), network);
  await expect(gate.admit(toImages(`${url}/a`, `${url}/bad`, `${url}/bad`), stays)).rejects.toMatchObject({
    param: "messages[0].content[1].image_url.url",
    cause: { message: expect.stringContaining("image/png") as string },
  });
});

describe("a client that leaves", () => {
  it("ends the fetch, its connection, and the wait", async () => {
    const closed = vi.fn<() => void>();
    const leaving = new AbortController();
    const { port, network } = await startInternet((request) => {
      request.socket.on("close", closed);
      leaving.abort(new Error("gone"));
    });
    const admitted = createMediaGate(options, network).admit(toImages(`http://img.example:${port}/`), leaving.signal);
    await expect(admitted).rejects.toThrow("gone");
    await vi.waitFor(() => expect(closed).toHaveBeenCalled());
  });

  it("does not wait for a name", async () => {
    const leaving = new AbortController();
    const { network } = createNetwork();
    const lookup = (): Promise<never> => {
      queueMicrotask(() => leaving.abort(new Error("gone")));
      return new Promise(() => {});
    };
    const gate = createMediaGate(options, { ...network, lookup });
    await expect(gate.admit(toImages("http://img.example/"), leaving.signal)).rejects.toThrow("gone");
    await expect(gate.admit(toImages("http://img.example/"), leaving.signal)).rejects.toThrow("gone");
  });

  it("does not wait for the time that failures take", async () => {
    const leaving = new AbortController();
    const admitted = createMediaGate(options, createNetwork().network).admit(toImages("http://[::1]/"), leaving.signal);
    setImmediate(() => leaving.abort(new Error("gone")));
    await expect(admitted).rejects.toThrow("gone");
  });
});

it("the real connector goes to the checked address, and resolves no name itself", async () => {
  const heard: string[] = [];
  const { port } = await startWire((socket) => {
    socket.once("data", (bytes: Buffer) => {
      heard.push(bytes.toString("latin1"));
      socket.destroy();
    });
  });
  const bound: Network = {
    ...createNetwork().network,
    connectTo: (addresses, signal) => {
      expect(addresses).toEqual([{ address: "93.184.216.34", family: 4 }]);
      return publicNetwork.connectTo([{ address: "127.0.0.1", family: 4 }], signal);
    },
  };
  // Nobody but the checked list knows where this name leads.
  expect(await fetchRefused(`http://img.invalid:${port}/a`, bound)).toMatchObject({ code: "image_fetch_failed" });
  expect(await fetchRefused(`https://img.invalid:${port}/a`, bound)).toMatchObject({ code: "image_fetch_failed" });
  expect(heard[0]).toContain(`GET /a HTTP/1.1\r\nhost: img.invalid:${port}\r\n`);
  expect(heard[1]).toContain("\0\x0bimg.invalid");
});

it("a connection that hangs is closed when the time is over", async () => {
  const closed = vi.fn<() => void>();
  const { port, network } = await startWire((socket) => {
    socket.resume();
    socket.on("close", closed);
  });
  await fetchRefused(`https://img.example:${port}/`, network, { timeoutMs: 100 });
  await fetchRefused(`http://img.example:${port}/`, network, { timeoutMs: 100 });
  await vi.waitFor(() => expect(closed).toHaveBeenCalledTimes(2));
});
