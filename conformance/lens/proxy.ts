import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { NoAnswer } from "../reach/blame.ts";
import { type Dial, dialStraight, type Place } from "./dial.ts";

/** A proxy that does not answer is as good as none. */
const connectMs = 30_000;

/** Goes through the proxy with CONNECT, to `http` places too: what is said to them stays as it is, byte for byte. */
export function createProxyDial(proxy: URL): Dial {
  return async (place) => {
    const tunnel = await openTunnel(proxy, place);
    return place.secure ? dialStraight(place, tunnel) : tunnel;
  };
}

function openTunnel(proxy: URL, { host, port }: Place): Promise<Socket> {
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const user = [proxy.username, proxy.password].map(decodeURIComponent).join(":");
  const credentials = user === ":" ? {} : { "proxy-authorization": `Basic ${Buffer.from(user).toString("base64")}` };
  return new Promise((resolve, reject) => {
    const call = (proxy.protocol === "https:" ? httpsRequest : httpRequest)({
      host: proxy.hostname.replaceAll(/[[\]]/g, ""),
      port: proxy.port || (proxy.protocol === "https:" ? 443 : 80),
      method: "CONNECT",
      path: authority,
      headers: { host: authority, ...credentials },
      agent: false,
      timeout: connectMs,
    });
    const refuse = (what: string): void => reject(new NoAnswer(`the proxy ${proxy.host} ${what}`));
    call.once("connect", ({ statusCode }: IncomingMessage, socket: Socket, head: Buffer) => {
      if (statusCode === 200) {
        socket.setTimeout(0);
        if (head.length > 0) socket.unshift(head);
        return resolve(socket);
      }
      socket.destroy();
      refuse(`answered ${statusCode} to CONNECT ${authority}`);
    });
    // One that knows no CONNECT answers as to any other request.
    call.once("response", ({ statusCode }) => {
      call.destroy();
      refuse(`answered ${statusCode} to CONNECT ${authority}`);
    });
    call.once("timeout", () => void call.destroy(new Error(`no answer within ${connectMs} ms`)));
    call.once("error", ({ message }) => refuse(`cannot be used: ${message}`));
    call.end();
  });
}

/** The proxy that the usual variables name for this address; what is on this machine is called straight. */
export function findProxy(address: URL, environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const read = (name: string): string => environment[name.toLowerCase()] ?? environment[name] ?? "";
  const { hostname } = address;
  if (/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)) return undefined;
  const kept = read("NO_PROXY")
    .split(/[\s,]+/)
    .filter((name) => name !== "");
  const isKept = kept.some((name) => name === "*" || `.${hostname}`.endsWith(`.${name.replace(/^\*?\./, "")}`));
  const isSecure = /^(?:https|wss):$/.test(address.protocol);
  const found = (isSecure ? read("HTTPS_PROXY") : read("HTTP_PROXY")) || read("ALL_PROXY");
  return isKept || found === "" ? undefined : found;
}
