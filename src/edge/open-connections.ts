import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import ipaddr from "ipaddr.js";
import type { Socket } from "node:net";
import type { RefusedFor } from "../base/metrics.ts";
import { createProxyCheck } from "./forwarded.ts";

export interface ConnectionBounds {
  /** Asked at each connection: another configuration may say otherwise. */
  readonly limits: () => {
    readonly connections: number;
    /** 0 is any number. */
    readonly connectionsPerAddress: number;
    /** Many clients come through these, so they have no limit of their own. */
    readonly trustedProxies: readonly string[];
  };
  /** Told of each connection that is closed as it comes. */
  readonly onRefuse: (reason: RefusedFor) => void;
}

/** Bounds the connections of a server. Returns those that are open, at any time. */
export function boundConnections(server: Server, { limits, onRefuse }: ConnectionBounds): ReadonlySet<Socket> {
  const addresses = new Map<string, number>();
  const isProxy = createProxyCheck(() => limits().trustedProxies);
  const open = new Set<Socket>();
  // Node closes these before it makes a socket of them.
  server.on("drop", () => onRefuse("connections"));
  server.on("listening", () => (server.maxConnections = limits().connections));
  server.on("connection", (socket) => {
    const { connections, connectionsPerAddress, trustedProxies } = limits();
    server.maxConnections = connections;
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    const address = socket.remoteAddress;
    if (connectionsPerAddress === 0 || address === undefined) return;
    if (trustedProxies.length > 0 && isProxy(address)) return;
    const key = toAddressKey(address);
    const count = (addresses.get(key) ?? 0) + 1;
    addresses.set(key, count);
    socket.once("close", () => {
      const left = (addresses.get(key) ?? 1) - 1;
      if (left === 0) addresses.delete(key);
      else addresses.set(key, left);
    });
    if (count <= connectionsPerAddress) return;
    onRefuse("connections_per_address");
    socket.destroy();
  });
  return open;
}

/** One client: of IPv6 whoever has one address has the rest of its /64 too, and IPv4 may come dressed as IPv6. */
export function toAddressKey(text: string): string {
  if (!ipaddr.isValid(text)) return text;
  const address = ipaddr.process(text);
  return "parts" in address ? address.parts.slice(0, 4).join(":") : address.toString();
}

/**
 * How many connections there may be: the configured number, or what the operating system has room for. Each is an open
 * file, and so is each connection to a model, and the session store. Undefined is a system that does not say.
 */
export function toConnectionsMax(configured: number, openFilesMax: number | undefined): number {
  if (openFilesMax === undefined) return configured;
  return Math.min(configured, Math.max(16, Math.floor(openFilesMax * 0.75) - 64));
}

/** How many files this process may have open at once, where the system says (Linux). */
export function readOpenFilesMax(): number | undefined {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return limit === undefined ? undefined : Number(limit);
  } catch {
    return undefined;
  }
}
