import { Socket } from "node:net";
import { afterAll, afterEach, beforeAll, expect, vi } from "vitest";

/** Hosts that something in this test file tried to reach, and did not. A test that expects some takes them out. */
export const refusedHosts: string[] = [];

interface Target {
  readonly host?: string | null;
  readonly path?: string | null;
}

const loopback = /^(?:localhost|127(?:\.\d+){3}|::1|::ffff:127(?:\.\d+){3})$/;

// Everything that opens a TCP connection in Node ends here, before it looks the name up: http, tls, and `fetch`.
// eslint-disable-next-line typescript/unbound-method -- It is called with the socket that it was called on.
const connect = Socket.prototype.connect as (this: Socket, ...args: unknown[]) => Socket;

function connectToLoopback(this: Socket, ...args: unknown[]): Socket {
  const { host, path } = toTarget(args);
  if (host == null || path != null || loopback.test(host)) return connect.apply(this, args);
  refusedHosts.push(host);
  return this.destroy(new Error(`A test may not connect to ${host}.`));
}

/** Node's own callers hand over a list that begins with the options; others options, a port and a host, or a path. */
function toTarget([first, second]: readonly unknown[]): Target {
  if (Array.isArray(first)) return toTarget(first);
  if (typeof first === "object" && first !== null) return first;
  if (typeof first === "string" && Number.isNaN(Number(first))) return { path: first };
  return typeof second === "string" ? { host: second } : {};
}

/** For a whole file: its tests reach this machine only, and a test that tried to reach another fails. */
export function stayOnLoopback(): void {
  beforeAll(() => {
    Socket.prototype.connect = connectToLoopback;
    // What clients would tell others of their calls, were it switched on around the test.
    vi.stubEnv("LANGSMITH_TRACING", "false");
    vi.stubEnv("LANGCHAIN_TRACING_V2", "false");
    vi.stubEnv("OPENAI_AGENTS_DISABLE_TRACING", "1");
  });
  afterEach(() => {
    expect(refusedHosts.splice(0)).toEqual([]);
  });
  afterAll(() => {
    Socket.prototype.connect = connect;
    vi.unstubAllEnvs();
  });
}
