import http from "node:http";
import https from "node:https";
import { Socket } from "node:net";
import tls from "node:tls";
import { afterAll, expect } from "vitest";

// Test files share a process and the modules in it: a start of its own for each would cost more than most of them do.
// So a file has to leave the process as it found it. One that does not fails here, rather than the next one elsewhere.

const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE"];

function look(): Record<string, unknown> {
  return {
    environment: { ...process.env },
    folder: process.cwd(),
    listeners: Object.fromEntries(signals.map((signal) => [signal, process.listenerCount(signal)])),
    fetch: globalThis.fetch,
    timers: [setTimeout, setInterval, setImmediate, Date, performance],
    // oxlint-disable-next-line typescript/unbound-method -- It is compared, not called.
    connect: Socket.prototype.connect,
    agents: [http.globalAgent, https.globalAgent],
    // What an input got into one of these would be in every object.
    prototypes: [Object, Array, Function, String, Promise].map(({ prototype }) => Reflect.ownKeys(prototype)),
    tlsVersions: [tls.DEFAULT_MIN_VERSION, tls.DEFAULT_MAX_VERSION],
  };
}

const found = look();

afterAll(() => {
  const left = look();
  for (const [what, was] of Object.entries(found)) {
    // By identity where it is one: two functions that look alike are not the same.
    expect(left[what], `${what} of the process, after the last test of the file`).toStrictEqual(was);
  }
});
