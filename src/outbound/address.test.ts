import { describe, expect, it } from "vitest";
import { isPublicAddress, toHostName } from "./address.ts";

describe("an address that is not public", () => {
  const v4 = `127.0.0.1 0.0.0.0 10.1.2.3 100.64.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1
    192.168.1.1 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255`;
  const v6 = `:: ::1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::127.0.0.1 ::7f00:1 ::a00:1 64:ff9b::7f00:1 2002:7f00:1:: 2001:0::
    2001:db8::1 fe80::1 fe80::1%eth0 fc00::1 fd12::1 fec0::1 ff02::1 100::1 5f00::1 4000::1`;
  const none = ["", "localhost", "1.2.3", "1.2.3.4.5", "0x7f.1", "8.8.8.8 "];
  it.each([...v4.split(/\s+/), ...v6.split(/\s+/), ...none])("is %s", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

it.each(["8.8.8.8", "172.32.0.1", "::ffff:8.8.8.8", "2606:4700::1111"])("%s is public", (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

it.each([
  ["img.example", "img.example"],
  ["IMG.Example.", "img.example"],
  ["bücher.example", "xn--bcher-kva.example"],
  ["img.example..", "img.example."],
  ["0x7f.1", "127.0.0.1"],
  ["[::1]", "::1"],
  ["a b", undefined],
  ["", undefined],
])("the one spelling of '%s' is %s", (host, want) => {
  expect(toHostName(host)).toBe(want);
});
