import fc from "fast-check";
import { isIP } from "node:net";
import { describe, expect, test } from "vitest";
import { createAddressReader } from "./forwarded.ts";

interface Sent {
  readonly peer?: string;
  readonly plain?: string;
  readonly forwarded?: string;
}

const proxies = ["127.0.0.9", "10.0.0.0/8", "2001:db8:1::/48"];

function read({ peer = "127.0.0.9", plain, forwarded }: Sent, list: readonly string[] = proxies): string {
  const headers = {
    ...(plain === undefined ? {} : { "x-forwarded-for": plain }),
    ...(forwarded === undefined ? {} : { forwarded }),
  };
  type Given = Parameters<ReturnType<typeof createAddressReader>>[0];
  return createAddressReader(list)({ socket: { remoteAddress: peer }, headers } as unknown as Given);
}

const cases: readonly (Sent & { readonly want: string })[] = [
  { want: "127.0.0.9" },
  { peer: "::ffff:127.0.0.9", plain: "192.0.2.1", want: "192.0.2.1" },
  { peer: "fe80::1%eth0", plain: "192.0.2.1", want: "fe80::1" },
  { peer: "127.0.0.5", plain: "192.0.2.1", forwarded: "for=192.0.2.1", want: "127.0.0.5" },
  { peer: "2001:db8:1::7", plain: "192.0.2.1", want: "192.0.2.1" },
  { peer: "2001:db8:2::7", plain: "192.0.2.1", want: "2001:db8:2::7" },
  // The rightmost that is no proxy.
  { plain: "1.1.1.1, 127.0.0.5", want: "127.0.0.5" },
  { plain: "1.1.1.1, 192.0.2.1, 10.1.2.3,10.4.5.6", want: "192.0.2.1" },
  { plain: "10.1.2.3, 10.4.5.6", want: "10.1.2.3" },
  // Forms.
  { plain: " 192.0.2.1:4711 ", want: "192.0.2.1" },
  { plain: "2001:DB8:0:0::1", want: "2001:db8::1" },
  { plain: "[2001:db8::1]:4711", want: "2001:db8::1" },
  { plain: "[fe80::1%eth0]", want: "fe80::1" },
  { plain: "fe80::1%25eth0", want: "fe80::1" },
  { plain: "::ffff:192.0.2.1", want: "192.0.2.1" },
  { plain: "192.0.2.1,", want: "192.0.2.1" },
  { plain: ",,,,", want: "127.0.0.9" },
  { plain: "", want: "127.0.0.9" },
  // What is no address ends the search.
  ...["unknown", "_hidden", "192.0.2", "0192.0.2.1", "192.0.2.256", "a.example", "[192.0.2.1]x", "::1::1", "1"].map(
    (hop) => ({ plain: `1.1.1.1, ${hop}`, want: "127.0.0.9" }),
  ),
  { plain: "1.1.1.1, unknown, 10.4.5.6", want: "10.4.5.6" },
  { plain: `1.1.1.1, ${"9".repeat(8000)}`, want: "127.0.0.9" },
  // RFC 7239.
  { forwarded: "for=192.0.2.1", want: "192.0.2.1" },
  { forwarded: 'for=1.1.1.1, For="[2001:db8::1]:4711";proto=https;by=203.0.113.43', want: "2001:db8::1" },
  { forwarded: "proto=https; for=192.0.2.1:80, for=10.0.0.7", want: "192.0.2.1" },
  { forwarded: 'for=1.1.1.1;by=", for=192.0.2.1', want: "192.0.2.1" },
  { forwarded: "for=192.0.2.1;for=192.0.2.2", want: "127.0.0.9" },
  { forwarded: "for=unknown", want: "127.0.0.9" },
  { forwarded: "by=192.0.2.1", want: "127.0.0.9" },
  { forwarded: "xfor=192.0.2.1", want: "127.0.0.9" },
  // One of both may be the client's own.
  { plain: "192.0.2.1", forwarded: "for=192.0.2.1", want: "192.0.2.1" },
  { plain: "192.0.2.1", forwarded: "for=192.0.2.2", want: "127.0.0.9" },
];

test.each(cases)("$peer $plain $forwarded is from $want", ({ want, ...sent }) => {
  expect(read(sent)).toBe(want);
});

test("without proxies nothing is believed, not even of loopback", () => {
  expect(read({ peer: "127.0.0.1", plain: "192.0.2.1", forwarded: "for=192.0.2.1" }, [])).toBe("127.0.0.1");
});

describe("whatever a client writes", () => {
  const hop = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.string({ unit: "binary-ascii", maxLength: 12 }),
    fc.constantFrom("unknown", "", " ", '"', "for=", 'for="', "[", "]:1", "%", ";", "\\", "10.0.0.1"),
  );
  const text = fc.array(hop, { maxLength: 20 }).map((hops) => hops.join(","));

  test("the proxy's own entry on its right counts, in both headers", () => {
    fc.assert(
      fc.property(text, (written) => {
        expect(read({ plain: `${written}, 192.0.2.1` })).toBe("192.0.2.1");
        expect(read({ forwarded: `${written}, for=192.0.2.1` })).toBe("192.0.2.1");
      }),
    );
  });

  test("the result is an address", () => {
    fc.assert(
      fc.property(text, text, (plain, forwarded) => {
        for (const sent of [{ plain }, { forwarded }, { plain, forwarded }]) expect(isIP(read(sent))).not.toBe(0);
      }),
    );
  });

  test("it takes no time, however long it is", () => {
    const before = process.threadCpuUsage();
    const units = ["10.0.0.1,", ",", " ", ":", "1.", "a", "for=10.0.0.1,", 'for="', ";", '"\\'];
    const texts = units.map((unit) => unit.repeat(16_000 / unit.length));
    for (const long of [...texts, `1${" ".repeat(16_000)}1`]) {
      for (let count = 0; count < 10; count++) read({ plain: long, forwarded: long });
    }
    // 110 readings of 32 KB.
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(1000);
  });
});
