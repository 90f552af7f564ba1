import { isIP } from "node:net";
import { Client, type Dispatcher } from "undici";
import { isPublicAddress, toHostName } from "./address.ts";
import { Gathered } from "../base/gathered.ts";
import { toDataUrl } from "../base/media/data-url.ts";
import { countPixels, imageTypes, longHeadBytes, readImageHeader } from "../base/media/image-header.ts";
import type { Network } from "./public-network.ts";
import { waitFor } from "./time-limit.ts";

const redirectsMax = 3;

/** All that is ever sent: nothing of the client's request and nothing of the gateway's secrets. */
const headers = { accept: imageTypes.join(", "), "accept-encoding": "identity", "user-agent": "clawgate" };

export interface FetchRules {
  /** In the spelling of `toHostName`; empty, any public host. */
  readonly allowedHosts: ReadonlySet<string>;
  readonly bytesMax: number;
  readonly pixelsMax: number;
  /** Called for every piece that comes; throws when all images of the request have become too many bytes together. */
  readonly take: (bytes: number) => void;
  readonly network: Network;
  readonly signal: AbortSignal;
}

/**
 * Fetches an image from the public Internet and returns it as a data URL. Every hop is checked from the start: scheme,
 * host, and every address that the host has, to which the connection is then bound. Throws an error that says what
 * went wrong, for the log alone: a client that could tell a closed port from an open one would have a port scanner.
 */
export async function fetchImage(link: string, rules: FetchRules): Promise<string> {
  let url = URL.parse(link);
  for (let redirects = 0; redirects <= redirectsMax; redirects += 1) {
    const answer = await visit(assertAllowed(url, rules.allowedHosts), rules);
    if (typeof answer !== "string") return toImage(answer, rules.pixelsMax);
    url = URL.parse(answer, url?.href);
  }
  throw new Error(`more than ${redirectsMax} redirects`);
}

function assertAllowed(url: URL | null, allowedHosts: ReadonlySet<string>): URL {
  if (url === null) throw new Error("no URL");
  if (url.protocol !== "http:" && url.protocol !== "https:") throw new Error(`the scheme ${url.protocol}`);
  if (url.username !== "" || url.password !== "") throw new Error("a URL with credentials");
  const host = toHostName(url.hostname);
  if (host === undefined || host === "") throw new Error("no host");
  if (allowedHosts.size > 0 && !allowedHosts.has(host)) throw new Error("the host is not in allowedHosts");
  const allowed = new URL(url);
  // A certificate, and most servers, know the name without the dot.
  if (isIP(host) === 0) allowed.hostname = host;
  return allowed;
}

/** The bytes of the answer, or the address that it sends us on to. */
async function visit(url: URL, rules: FetchRules): Promise<Buffer | string> {
  const { network, signal } = rules;
  const addresses = await toAddresses(url, rules);
  // One client for one request: a connection that is kept would outlive the check of its address.
  const client = new Client(url.origin, { connect: network.connectTo(addresses, signal) });
  try {
    const path = `${url.pathname}${url.search}`;
    // On its own, a request whose connection is still being made would not hear the signal.
    const response = await waitFor(client.request({ method: "GET", path, headers, signal, reset: true }), signal);
    return toLocation(response) ?? (await readBody(response, rules));
  } finally {
    // Not waited for: no deadline should depend on how a connection ends.
    void client.destroy();
  }
}

async function toAddresses(url: URL, { network, signal }: FetchRules): ReturnType<Network["lookup"]> {
  const name = url.hostname.replaceAll(/[[\]]/g, "");
  const family = isIP(name);
  const addresses = family === 0 ? await waitFor(network.lookup(name), signal) : [{ address: name, family }];
  if (addresses.length === 0) throw new Error("the host has no address");
  const inner = addresses.find(({ address }) => !isPublicAddress(address));
  if (inner !== undefined) throw new Error(`the address ${inner.address} is not public`);
  return addresses;
}

function toLocation({ statusCode, headers: { location } }: Dispatcher.ResponseData): string | undefined {
  if (![301, 302, 303, 307, 308].includes(statusCode)) return undefined;
  if (typeof location !== "string") throw new Error("a redirect to nowhere");
  return location;
}

async function readBody(response: Dispatcher.ResponseData, { bytesMax, take }: FetchRules): Promise<Buffer> {
  const {
    statusCode,
    headers: { "content-encoding": encoding = "identity", "content-length": length },
  } = response;
  if (statusCode !== 200) throw new Error(`the status ${statusCode}`);
  if (encoding !== "identity") throw new Error("an encoded body");
  if (Number(length) > bytesMax) throw new Error("more bytes than allowed");
  const gathered = new Gathered();
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Error("more bytes than allowed");
    take(chunk.length);
    gathered.add(chunk);
  }
  return gathered.take();
}

/** What a server says about the type of its answer does not count; its first bytes do. */
function toImage(bytes: Buffer, pixelsMax: number): string {
  const header = readImageHeader(bytes.subarray(0, longHeadBytes));
  if (header === undefined) throw new Error(`no ${imageTypes.join(", ")}`);
  const pixels = countPixels(header);
  if (pixels === 0 || pixels > pixelsMax) throw new Error("a broken header, or more pixels than allowed");
  return toDataUrl(header.type, bytes);
}
