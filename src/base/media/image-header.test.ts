import { expect, it } from "vitest";
import { type ImageHeader, readEncodedHeader, readImageHeader } from "./image-header.ts";

const latin = (text: string): Buffer => Buffer.from(text, "latin1");
const png = latin("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\0\x80");
const riff = (form: string, rest: number[]): Buffer =>
  Buffer.concat([latin(`RIFF\0\0\0\0WEBP${form}\0\0\0\0`), Buffer.from(rest), Buffer.alloc(10)]);
const jpeg = (...segments: Buffer[]): Buffer => Buffer.concat([latin("\xff\xd8"), ...segments]);
const segment = (marker: number, content: Buffer): Buffer => {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([head, content]);
};
const frame = segment(0xc2, Buffer.from([8, 0, 100, 0, 200, 1, 1]));
const comments = Array.from({ length: 3 }, () => segment(0xfe, Buffer.alloc(60_000)));

it.each<[name: string, bytes: Buffer, want: ImageHeader | undefined]>([
  ["PNG", png, { type: "image/png", size: { width: 256, height: 128 } }],
  ["GIF", latin("GIF87a\x02\0\x03\0"), { type: "image/gif", size: { width: 2, height: 3 } }],
  ["JPEG", jpeg(segment(0xe0, Buffer.alloc(14)), frame), { type: "image/jpeg", size: { width: 200, height: 100 } }],
  ["JPEG with filling", jpeg(latin("\xff\xff"), frame), { type: "image/jpeg", size: { width: 200, height: 100 } }],
  ["WebP VP8X", riff("VP8X", [0, 0, 0, 0, 9, 0, 0, 19]), { type: "image/webp", size: { width: 10, height: 20 } }],
  ["WebP VP8", riff("VP8 ", [0, 0, 0, 157, 1, 42, 30, 0, 40]), { type: "image/webp", size: { width: 30, height: 40 } }],
  ["WebP VP8L", riff("VP8L", [47, 9, 192, 4, 0]), { type: "image/webp", size: { width: 10, height: 20 } }],
  ["WebP of an unknown form", riff("VP9 ", [0, 0, 0, 0, 9, 0, 0, 19]), { type: "image/webp", size: undefined }],
  ["a cut PNG", png.subarray(0, 20), { type: "image/png", size: undefined }],
  ["a PNG without its first chunk", latin("\x89PNG\r\n\x1a\n".padEnd(40, "x")), { type: "image/png", size: undefined }],
  ["a JPEG without a frame", jpeg(segment(0xe0, Buffer.alloc(14))), { type: "image/jpeg", size: undefined }],
  ["a PNG mangled as text", latin("\x89PNG\n\x1a\n".padEnd(40, "x")), undefined],
  ["a drawing", latin('<svg xmlns="http://www.w3.org/2000/svg"/>'), undefined],
  ["a page", latin("<!doctype html>"), undefined],
  ["nothing", Buffer.alloc(0), undefined],
])("reads %s", (_, bytes, want) => {
  expect(readImageHeader(bytes)).toEqual(want);
});

it("looks for the size of a JPEG behind its previews, but not for ever", () => {
  const read = (bytes: Buffer) => readEncodedHeader({ text: bytes.toString("base64"), from: 0 });
  expect(read(jpeg(...comments, frame))?.size).toEqual({ width: 200, height: 100 });
  expect(read(jpeg(...Array.from({ length: 7 }, () => comments).flat(), frame))?.size).toBeUndefined();
});
