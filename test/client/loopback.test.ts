import { get } from "node:http";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { refusedHosts, stayOnLoopback } from "./loopback.fixture.ts";

stayOnLoopback();

/** An address that nobody has (RFC 5737). */
const nobody = "192.0.2.1";

const ways: readonly { readonly what: string; readonly reach: () => Promise<unknown> }[] = [
  { what: "fetch", reach: () => fetch(`http://${nobody}/`) },
  { what: "fetch over TLS", reach: () => fetch(`https://${nobody}/`) },
  { what: "node:http", reach: () => new Promise((_, reject) => void get(`http://${nobody}/`).on("error", reject)) },
  { what: "node:net", reach: () => new Promise((_, reject) => void connect(80, nobody).on("error", reject)) },
];

test.each(ways)("a test of a client cannot reach another machine by $what", async ({ reach }) => {
  await expect(reach()).rejects.toThrow();
  expect(refusedHosts.splice(0)).toEqual([nobody]);
});
