import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { buildConnector } from "undici";
import { onEnd } from "../../test/end.fixture.ts";
import type { Message } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import { createMediaGate, type MediaOptions } from "../run/media/media-gate.ts";
import type { Network } from "./public-network.ts";

export const pixel = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
export const pixelUrl = `data:image/png;base64,${pixel.toString("base64")}`;

export const options: MediaOptions = {
  imagesMax: 8,
  bytesMax: 20_971_520,
  pixelsMax: 50_000_000,
  imageUrls: { enabled: true, allowedHosts: [], bytesMax: 10_485_760, timeoutMs: 10_000 },
};

/** A server on loopback that plays every host of the Internet, and what it has seen. */
export interface Internet {
  readonly port: number;
  readonly network: Network;
  /** The names that were resolved. */
  readonly lookups: string[];
  /** The addresses that connections were bound to. */
  readonly connects: string[];
  readonly requests: IncomingMessage[];
}

export interface InternetOptions {
  /** By default every name has one public address. */
  readonly resolve?: (name: string) => readonly string[];
}

/** Answers requests, or connections where the listener takes sockets. Without one it sends an image of one pixel. */
export async function startInternet(
  listener: RequestListener = (_request, response) => void response.end(pixel),
  { resolve }: InternetOptions = {},
): Promise<Internet> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  const port = await listen(server);
  return { port, requests, ...createNetwork(resolve) };
}

/** The same below HTTP. */
export async function startWire(onSocket: (socket: Socket) => void): Promise<Omit<Internet, "requests">> {
  const port = await listen(createTcpServer(onSocket));
  return { port, ...createNetwork() };
}

/** Everything of the real network but the last step: a connection ends on loopback, whatever its checked address. */
export function createNetwork(resolve: (name: string) => readonly string[] = () => ["93.184.216.34"]) {
  const lookups: string[] = [];
  const connects: string[] = [];
  const network: Network = {
    async lookup(name) {
      lookups.push(name);
      return resolve(name).map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    },
    connectTo(addresses, signal) {
      connects.push(...addresses.map(({ address }) => address));
      const connect = buildConnector({ signal, allowH2: false });
      return (target, done) => connect({ ...target, hostname: "127.0.0.1" }, done);
    },
  };
  return { network, lookups, connects };
}

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onEnd(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

export function toImages(...urls: string[]): Message[] {
  return [{ role: "user", content: urls.map((url) => ({ type: "image_url", image_url: { url } })) }];
}

export interface Refused {
  readonly code: string;
  readonly param: string | null;
  readonly message: string;
  /** For the log. */
  readonly reason: string;
}

/** What is said of an image of this address, or undefined if it was fetched. */
export async function fetchRefused(
  url: string,
  network: Network,
  imageUrls: Partial<MediaOptions["imageUrls"]> = {},
): Promise<Refused | undefined> {
  // A refusal is told when this is over. Long enough for a busy machine; the tests wait side by side.
  const gate = createMediaGate(
    { ...options, imageUrls: { ...options.imageUrls, timeoutMs: 2000, ...imageUrls } },
    network,
  );
  try {
    await gate.admit(toImages(url), new AbortController().signal);
    return undefined;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { code, param, message, cause } = error;
    return { code, param, message, reason: cause instanceof Error ? cause.message : "" };
  }
}
