import { expect, it } from "vitest";
import { measureCpuMs } from "../../../test/cpu.fixture.ts";
import { describeImage } from "./image.ts";

function toUrl(type: string, bytes: Buffer): string {
  return `data:${type};base64,${bytes.toString("base64")}`;
}

const png = Buffer.concat([
  Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\0\x80", "latin1"),
  Buffer.alloc(9),
]);
const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 1, 0xff, 0xc2, 0, 11, 8, 0, 100, 0, 200, 1]);
const riff = (form: string, rest: number[]) =>
  Buffer.concat([Buffer.from(`RIFF\0\0\0\0WEBP${form}\0\0\0\0`, "latin1"), Buffer.from(rest), Buffer.alloc(10)]);

it.each<[string, string, RegExp]>([
  ["PNG", toUrl("image/png", png), /^an image \(image\/png, 256 × 128 pixels, 33 bytes\)$/],
  ["GIF", toUrl("image/gif", Buffer.from("GIF89a\x02\0\x03\0", "latin1")), /2 × 3 pixels, 10 bytes/],
  ["JPEG", toUrl("image/jpeg", jpeg), /image\/jpeg, 200 × 100 pixels, 18 bytes/],
  ["WebP VP8X", toUrl("image/webp", riff("VP8X", [0, 0, 0, 0, 9, 0, 0, 19, 0, 0])), /image\/webp, 10 × 20 pixels/],
  ["WebP VP8", toUrl("image/webp", riff("VP8 ", [0, 0, 0, 0x9d, 1, 0x2a, 30, 0, 40, 0])), /30 × 40 pixels/],
  ["WebP VP8L", toUrl("image/webp", riff("VP8L", [0x2f, 9, 0xc0, 4, 0, 0, 0, 0, 0, 0])), /10 × 20 pixels/],
  ["a wrong type", toUrl("image/png", Buffer.from("GIF89a\x02\0\x03\0", "latin1")), /image\/gif/],
  ["a cut header", toUrl("image/png", png.subarray(0, 12)), /cannot read, 12 bytes/],
  ["no image", toUrl("image/png", Buffer.from("hello")), /image\/png, a size in pixels that I cannot read, 5 bytes/],
  ["an address", "https://example.com/cat.png", /do not fetch/],
])("describes %s", (_, url, want) => {
  expect(describeImage(url)).toMatch(want);
});

it("decodes only the head of a large image", () => {
  const url = toUrl("image/png", Buffer.concat([png, Buffer.alloc(20_000_000)]));
  // The first call also makes one string of the parts.
  expect(describeImage(url)).toContain("20000033 bytes");
  const content = url.slice(url.indexOf(",") + 1);
  // Against what takes all of it, measured beside it: on a busy machine everything takes longer.
  const often = (work: () => unknown) => (): void => {
    for (let time = 0; time < 10; time += 1) work();
  };
  const all = measureCpuMs(often(() => Buffer.from(content, "base64")));
  expect(measureCpuMs(often(() => describeImage(url)))).toBeLessThan(all / 3);
});
