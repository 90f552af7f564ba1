import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { compileCache } from "../../test/compile-cache.fixture.ts";
import { createNetwork, fetchRefused, pixel, type Refused, startInternet, startWire } from "./internet.fixture.ts";

const param = "messages[0].content[0].image_url.url";
/** What a client is told of every failure. */
const told = {
  code: "image_fetch_failed",
  param,
  message: `Invalid value for '${param}': the image could not be fetched.`,
};

/** What the log is told of each address, all of which fail; `undefined` where one does not. */
async function toReasons(
  urls: readonly string[],
  fetchOne: (url: string) => Promise<Refused | undefined>,
): Promise<Record<string, string | undefined>> {
  const refused = await Promise.all(urls.map((url) => fetchOne(url)));
  for (const one of refused) if (one !== undefined) expect(one).toMatchObject(told);
  return Object.fromEntries(urls.map((url, index) => [url, refused[index]?.reason]));
}

function all<T>(keys: readonly string[], value: T): Record<string, T> {
  return Object.fromEntries(keys.map((key) => [key, value]));
}

const inside4 = `127.0.0.1 0.0.0.0 10.0.0.1 100.64.0.1 169.254.169.254 172.16.0.1 192.0.0.1 192.168.0.1 198.18.0.1
  224.0.0.1 240.0.0.1 255.255.255.255`;
const inside6 = `:: ::1 ::ffff:7f00:1 ::127.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: 2001:0:: fe80::1 fc00::1 fec0::1 ff02::1
  100::1 5f00::1`;

describe.concurrent("an address that leads inside is never connected to", () => {
  it("as a literal", async () => {
    const { network, lookups, connects } = createNetwork();
    const hosts = [...inside4.split(/\s+/), ...inside6.split(/\s+/).map((address) => `[${address}]`)];
    const reasons = await toReasons(hosts, (host) => fetchRefused(`http://${host}/`, network));
    for (const [host, reason] of Object.entries(reasons))
      expect(reason, host).toMatch(/^the address .* is not public$/);
    expect({ lookups, connects }).toEqual({ lookups: [], connects: [] });
  });

  it("as one of the addresses that a name has", async () => {
    const { network, connects } = createNetwork((name) => ["93.184.216.34", name === "a.example" ? "10.0.0.1" : "::1"]);
    const urls = ["http://a.example/", "https://b.example/"];
    expect(await toReasons(urls, (url) => fetchRefused(url, network))).toEqual({
      "http://a.example/": "the address 10.0.0.1 is not public",
      "https://b.example/": "the address ::1 is not public",
    });
    expect(connects).toEqual([]);
  });

  it("in one of its disguises", async () => {
    const { network, connects } = createNetwork((name) => [name === "localhost" ? "127.0.0.1" : "93.184.216.34"]);
    const hosts = "127.1 2130706433 0x7f.1 0177.0.0.1 ①②⑦.⓪.⓪.① localhost. LOCALHOST".split(" ");
    const urls = [...hosts.map((host) => `http://${host}/`), "http:\\\\127.0.0.1\\x", "http:/127.0.0.1/"];
    expect(await toReasons(urls, (url) => fetchRefused(url, network))).toEqual(
      all(urls, "the address 127.0.0.1 is not public"),
    );
    expect(await toReasons(["http://0/"], (url) => fetchRefused(url, network))).toEqual({
      "http://0/": "the address 0.0.0.0 is not public",
    });
    expect(connects).toEqual([]);
  });

  it("when a name changes its address after the check", async () => {
    const answers = ["93.184.216.34", "127.0.0.1"];
    const { port, network, lookups, connects } = await startInternet(undefined, {
      resolve: () => [answers.shift() ?? "127.0.0.1"],
    });
    expect(await fetchRefused(`http://img.example:${port}/`, network)).toBeUndefined();
    expect({ lookups, connects }).toEqual({ lookups: ["img.example"], connects: ["93.184.216.34"] });
    expect(await fetchRefused(`http://img.example:${port}/`, network)).toMatchObject(told);
    expect(connects).toHaveLength(1);
  });

  it("when a name has no address, or cannot be resolved", async () => {
    const { network } = createNetwork(() => []);
    expect(await fetchRefused("http://img.example/", network)).toMatchObject(told);
    const lookup = (): Promise<never> => Promise.reject(new Error("ENOTFOUND"));
    expect(await fetchRefused("http://img.example/", { ...network, lookup })).toMatchObject(told);
  });
});

describe.concurrent("a redirect", () => {
  /** `/hops/3` leads to `/hops/2` and so on, `/to?x` to x, `/circle` to itself, and `/nowhere` nowhere. */
  const redirect: RequestListener = ({ url = "" }, response) => {
    const hops = Number(/^\/hops\/(\d+)$/.exec(url)?.[1] ?? Number.NaN);
    if (hops === 0) return void response.end(pixel);
    const query = url.split("?")[1];
    const location = query === undefined ? (hops > 0 ? `./${hops - 1}` : "/circle") : decodeURIComponent(query);
    response.writeHead(hops === 2 ? 307 : 302, url === "/nowhere" ? {} : { location }).end("elsewhere");
  };
  const resolve = (name: string): string[] => [name === "inside.example" ? "127.0.0.1" : "93.184.216.34"];

  it("is followed three times, each with a check of its own", async () => {
    const { port, network, lookups } = await startInternet(redirect, { resolve });
    expect(await fetchRefused(`http://img.example:${port}/hops/3`, network)).toBeUndefined();
    expect(lookups).toEqual(Array.from({ length: 4 }, () => "img.example"));
    expect(await fetchRefused(`http://img.example:${port}/hops/4`, network)).toMatchObject({
      ...told,
      reason: "more than 3 redirects",
    });
  });

  it("to where nobody could have sent us by the first address is refused", async () => {
    const { port, network, connects } = await startInternet(redirect, { resolve });
    const wanted = {
      "http://127.0.0.1/": "the address 127.0.0.1 is not public",
      "http://169.254.169.254/latest/meta-data/": "the address 169.254.169.254 is not public",
      "//[::1]/": "the address ::1 is not public",
      "http://inside.example/": "the address 127.0.0.1 is not public",
      "file:///etc/passwd": "the scheme file:",
      "data:image/png;base64,AAAA": "the scheme data:",
      "http://user:pass@img.example/": "a URL with credentials",
      "http://other.example/": "the host is not in allowedHosts",
      "http://[": "no URL",
    };
    const allowedHosts = ["img.example", "inside.example", "127.0.0.1", "169.254.169.254", "[::1]"];
    const fetchOne = (location: string) =>
      fetchRefused(`http://img.example:${port}/to?${encodeURIComponent(location)}`, network, { allowedHosts });
    expect(await toReasons(Object.keys(wanted), fetchOne)).toEqual(wanted);
    expect(connects).toHaveLength(Object.keys(wanted).length);
  });

  it("without an address is refused", async () => {
    const { port, network } = await startInternet(redirect);
    expect(await fetchRefused(`http://img.example:${port}/nowhere`, network)).toMatchObject({
      ...told,
      reason: "a redirect to nowhere",
    });
  });

  it("in a circle comes to an end", async () => {
    const { port, network, connects } = await startInternet(redirect);
    expect(await fetchRefused(`http://img.example:${port}/circle`, network)).toMatchObject(told);
    expect(connects).toHaveLength(4);
  });
});

it.concurrent("nothing but http and https is fetched", async () => {
  const { network, lookups } = createNetwork();
  const schemes =
    "file:///etc/passwd ftp://x/ gopher://x/ data:text/html,x blob:http://x/1 javascript:alert(1) ws://x/";
  const urls = [...schemes.split(" "), "FILE:///etc/passwd", " http://x/", "\thttp://x/", "x"];
  const refused = await Promise.all(urls.map((url) => fetchRefused(url, network)));
  expect(refused.map((one) => `${one?.code} ${one?.param}`)).toEqual(urls.map(() => `invalid_value ${param}`));
  expect(await fetchRefused("http://user@img.example/", network)).toMatchObject(told);
  expect(await fetchRefused("http://:pass@img.example/", network)).toMatchObject(told);
  expect(lookups).toEqual([]);
});

describe.concurrent("the body", () => {
  const bytesMax = 100_000;

  it("is cut at its limit, with or without a length", async () => {
    let sent = 0;
    const { port, network } = await startInternet(({ url }, response) => {
      if (url === "/long") return void response.writeHead(200, { "content-length": bytesMax + 1 }).end(pixel);
      if (url === "/fits") return void response.end(Buffer.concat([pixel, Buffer.alloc(bytesMax - pixel.length)]));
      response.write(pixel);
      if (url === "/over") return void response.end(Buffer.alloc(bytesMax - pixel.length + 1));
      const pour = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384))) sent += 16_384;
      };
      response.on("drain", pour);
      pour();
    });
    const urls = ["/long", "/fits", "/over", "/endless"];
    const fetchOne = (path: string) => fetchRefused(`http://img.example:${port}${path}`, network, { bytesMax });
    expect(await toReasons(urls, fetchOne)).toEqual({
      ...all(urls, "more bytes than allowed"),
      "/fits": undefined,
    });
    // What the two ends of a socket hold, and no more.
    expect(sent).toBeLessThan(8_388_608);
  });

  it("is refused when it is encoded, and nobody asked for that", async () => {
    const { port, network, requests } = await startInternet(({ url = "" }, response) => {
      const encoding = url === "/many" ? Array.from({ length: 500 }, () => "gzip").join(",") : url.slice(1);
      response.writeHead(200, { "content-encoding": encoding }).end(pixel);
    });
    const urls = ["/gzip", "/br", "/many", "/unknown", "/identity"];
    const fetchOne = (path: string) => fetchRefused(`http://img.example:${port}${path}`, network);
    expect(await toReasons(urls, fetchOne)).toEqual({ ...all(urls, "an encoded body"), "/identity": undefined });
    expect(requests.map(({ headers }) => headers["accept-encoding"])).toEqual(urls.map(() => "identity"));
  });

  it("is an image, of status 200", async () => {
    const secret = "<!doctype html><p>do not repeat this";
    const { port, network } = await startInternet(({ url = "" }, response) => {
      const status = Number(/^\/(\d+)$/.exec(url)?.[1] ?? 200);
      const bodies: Record<string, string> = { "/html": secret, "/svg": "<svg/>", "/magic": "\x89PMG", "/empty": "" };
      response.writeHead(status, { "content-type": "image/png" }).end(bodies[url] ?? (status === 204 ? "" : pixel));
    });
    const urls = ["/html", "/svg", "/magic", "/empty", "/201", "/204", "/206", "/304", "/404", "/500"];
    const refused = await toReasons(urls, (path) => fetchRefused(`http://img.example:${port}${path}`, network));
    const statuses = urls.slice(4).map((path) => [path, `the status ${path.slice(1)}`]);
    expect(refused).toEqual({
      ...all(urls.slice(0, 4), "no image/png, image/jpeg, image/gif, image/webp"),
      ...Object.fromEntries(statuses),
    });
  });

  it("has no more pixels than allowed", async () => {
    const huge = Buffer.from(pixel);
    huge.writeUInt32BE(60_000_000, 16);
    const { port, network } = await startInternet((_request, response) => void response.end(huge));
    expect(await fetchRefused(`http://img.example:${port}/`, network)).toMatchObject(told);
  });
});

/** Servers that do not answer as they should, and one port where there is none. */
const broken: Readonly<Record<string, (socket: Socket) => void>> = {
  "closes at once": (socket) => socket.destroy(),
  "never says anything": () => {},
  "sends a byte now and then": (socket) => {
    const timer = setInterval(() => socket.write("H"), 100);
    socket.on("close", () => clearInterval(timer));
  },
  "says something else": (socket) => void socket.write("SSH-2.0-OpenSSH_9.2\r\n"),
  "breaks off": (socket) => void socket.end("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nabc"),
};

async function startClosed(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe.concurrent("whatever is wrong at the other end", () => {
  it("the client learns the same, at the same time", async () => {
    const timeoutMs = 700;
    const { network } = createNetwork();
    const wires = await Promise.all(Object.values(broken).map((onSocket) => startWire(onSocket)));
    const ports = [...wires.map(({ port }) => port), await startClosed()];
    const urls = [
      ...ports.flatMap((port) => [`http://img.example:${port}/`, `https://img.example:${port}/`]),
      "http://127.0.0.1/",
    ];
    const ended: string[] = [];
    const outcomes = await Promise.all(
      urls.map(async (url) => {
        const started = performance.now();
        const refused = await fetchRefused(url, network, { timeoutMs });
        ended.push(url);
        return { url, refused, ms: performance.now() - started };
      }),
    );
    for (const { url, refused } of outcomes) expect(refused, url).toMatchObject(told);
    const times = outcomes.map(({ ms }) => ms);
    expect(Math.min(...times)).toBeGreaterThan(timeoutMs - 5);
    // One timer for each, all of the same length: they end in the order in which they began.
    expect(ended).toEqual(urls);
    expect(new Set(outcomes.map(({ refused }) => refused?.reason)).size).toBeGreaterThan(3);
  });

  it("a filtered port is given up when the time is over", async () => {
    const { network } = createNetwork();
    const given: AbortSignal[] = [];
    const refused = await fetchRefused(
      "http://img.example/",
      {
        ...network,
        connectTo: (_addresses, signal) => {
          given.push(signal);
          return () => {};
        },
      },
      { timeoutMs: 200 },
    );
    expect(refused).toMatchObject({ ...told, reason: "not within 200 ms" });
    expect(given.map(({ aborted }) => aborted)).toEqual([true]);
  });
});

it.concurrent("a request says who asks and what for, and nothing else", async () => {
  const { port, network, requests } = await startInternet();
  expect(await fetchRefused(`http://IMG.example.:${port}/a%20b?c#secret`, network)).toBeUndefined();
  expect(requests[0]?.method).toBe("GET");
  expect(requests[0]?.url).toBe("/a%20b?c");
  expect(requests[0]?.headers).toEqual({
    accept: "image/png, image/jpeg, image/gif, image/webp",
    "accept-encoding": "identity",
    connection: "close",
    host: `img.example:${port}`,
    "user-agent": "clawgate",
  });
});

it.concurrent("the name in the URL is the name that a certificate must have", async () => {
  const hellos: Buffer[] = [];
  const { port, network } = await startWire((socket) => {
    socket.once("data", (bytes: Buffer) => {
      hellos.push(bytes);
      socket.destroy();
    });
  });
  expect(await fetchRefused(`https://img.example.:${port}/`, network)).toMatchObject(told);
  expect(hellos[0]?.toString("latin1")).toContain("\0\0\x0bimg.example");
});

it("proxies of the environment are not used", async () => {
  const proxied: string[] = [];
  const { port } = await startInternet();
  const proxy = createServer((request) => void proxied.push(request.url ?? "")).listen(0, "127.0.0.1");
  proxy.on("connect", ({ url = "" }, socket) => {
    proxied.push(url);
    socket.destroy();
  });
  onTestFinished(() => void proxy.close());
  await once(proxy, "listening");
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];
  const child = spawn(process.execPath, [join(import.meta.dirname, "proxy.fixture.ts"), String(port)], {
    env: { ...compileCache, ...all(names, address), NODE_USE_ENV_PROXY: "1", NO_PROXY: "" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await once(child, "close");
  expect(proxied).toEqual([]);
  expect(output).toMatch(/^data:image\/png;base64,/);
}, 30_000);

it.concurrent("an allowed host is that host, and no other that looks like it", async () => {
  const { port, network, lookups } = await startInternet();
  const same = "img.example IMG.EXAMPLE img.example. bücher.example xn--bcher-kva.example b%C3%BCcher.example".split(
    " ",
  );
  const others = `img.example.evil evilimg.example sub.img.example example img.example.. ìmg.example xn--mg-jja.example
    imgXexample 93.184.216.34`.split(/\s+/);
  const fetchOne = (host: string) =>
    fetchRefused(`http://${host}:${port}/`, network, { allowedHosts: ["Img.Example.", "bücher.example"] });
  expect(await toReasons([...same, ...others], fetchOne)).toEqual({
    ...all(same, undefined),
    ...all(others, "the host is not in allowedHosts"),
  });
  expect(new Set(lookups)).toEqual(new Set(["img.example", "xn--bcher-kva.example"]));
});
