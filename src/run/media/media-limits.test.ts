import { describe, expect, it } from "vitest";
import type { Message, UserPart } from "../../base/contract.ts";
import { GatewayError } from "../../base/errors.ts";
import { pixel, pixelUrl } from "../../outbound/internet.fixture.ts";
import { listMedia, measureMedia, type MediaLimits } from "./media-limits.ts";

const limits: MediaLimits = { imagesMax: 8, bytesMax: 1000, pixelsMax: 1_000_000 };
const head = "messages[1].content[0]";

function image(url: string): UserPart {
  return { type: "image_url", image_url: { url } };
}

function audio(text: string): UserPart {
  return { type: "input_audio", input_audio: { data: text, format: "wav" } };
}

function file(fields: { file_data?: string; file_id?: string; filename?: string }): UserPart {
  return { type: "file", file: fields };
}

function dataUrl(type: string, bytes: Buffer | string): string {
  return `data:${type};base64,${(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes).toString("base64")}`;
}

/** A PNG's header of this size. */
function png(width: number, height: number): string {
  const bytes = Buffer.from(pixel);
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return dataUrl("image/png", bytes);
}

function ask(...parts: UserPart[]): Message[] {
  return [
    { role: "system", content: "Look." },
    { role: "user", content: parts },
  ];
}

/** How many bytes there are, or the code and the place of what is refused. */
function measure(messages: readonly Message[], own: Partial<MediaLimits> = {}): number | string {
  try {
    return measureMedia(listMedia(messages), { ...limits, ...own });
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    expect(error.message).toContain(error.param);
    return `${error.code} ${error.param}`;
  }
}

describe("media in a message", () => {
  const url = `invalid_value ${head}.image_url.url`;
  it.each<[name: string, part: UserPart, want: number | string]>([
    ["a PNG", image(pixelUrl), pixel.length],
    ["a scheme and a type in capitals", image(pixelUrl.replace("data:image/png", "DATA:IMAGE/PNG")), pixel.length],
    ["a GIF", image(dataUrl("image/gif", "GIF89a\x02\0\x03\0")), 10],
    ["an address, which has no bytes yet", image("https://img.example/a.png"), 0],
    ["not base64", image("data:image/png,x"), url],
    ["no payload", image("data:image/png;base64,"), url],
    ["no comma", image("data:image/png;base64"), url],
    ["a foreign letter", image(`${pixelUrl.slice(0, -4)}%3D=`), url],
    ["a space", image(pixelUrl.replace("base64,", "base64, ")), url],
    ["a drawing", image(dataUrl("image/svg+xml", "<svg/>")), url],
    ["a page", image(dataUrl("text/html", "<b>")), url],
    ["no type", image(dataUrl("", pixel)), url],
    ["a drawing that says it is a PNG", image(dataUrl("image/png", "<svg xmlns='http://www.w3.org/2000/svg'/>")), url],
    ["a GIF that says it is a PNG", image(dataUrl("image/png", "GIF89a\x02\0\x03\0")), url],
    ["a header that is cut", image(dataUrl("image/png", pixel.subarray(0, 16))), url],
    ["no height", image(png(10, 0)), url],
    ["as many pixels as allowed", image(png(1000, 1000)), pixel.length],
    ["one row too many", image(png(1000, 1001)), url],
    ["a file of this machine", image("file:///etc/passwd"), url],
    ["an address behind a space", image(" http://127.0.0.1/"), url],
    ["audio", audio("AAAA"), 3],
    ["no audio", audio(""), `invalid_value ${head}.input_audio.data`],
    ["audio that is not base64", audio("AAA!"), `invalid_value ${head}.input_audio.data`],
    ["a file", file({ filename: "a", file_data: "AAAA" }), 3],
    ["a file as a data URL", file({ file_data: dataUrl("application/pdf;name=a.pdf", "%PDF") }), 4],
    [
      "a file that is not base64",
      file({ file_data: "data:application/pdf,x" }),
      `invalid_value ${head}.file.file_data`,
    ],
    ["an empty file", file({ file_data: "" }), `invalid_value ${head}.file.file_data`],
    ["a file that nobody keeps", file({ file_id: "file-1" }), `unsupported_value ${head}.file.file_id`],
    ["a file twice", file({ file_id: "file-1", file_data: "AAAA" }), `invalid_value ${head}.file`],
    ["no file", file({ filename: "a" }), `invalid_value ${head}.file`],
  ])("%s", (_, part, want) => {
    expect(measure(ask(part))).toBe(want);
  });

  it("may be eight images in all messages together, by address or not", () => {
    const eight = Array.from({ length: 8 }, (_, index) => image(index % 2 ? pixelUrl : "https://img.example/"));
    expect(measure(ask(...eight))).toBe(4 * pixel.length);
    expect(measure([...ask(...eight), { role: "assistant", content: "I see." }, ...ask(image(pixelUrl))])).toBe(
      "invalid_value messages[4].content[0]",
    );
  });

  it("may have so many bytes, counted over images, audio and files of the whole history", () => {
    const audio600 = audio("AAAA".repeat(200));
    const file400 = file({ file_data: dataUrl("text/plain", "x".repeat(400)) });
    expect(measure([...ask(audio600), ...ask(file400)])).toBe(1000);
    expect(measure([...ask(audio600), ...ask(file400, image(pixelUrl))])).toBe(
      "invalid_value messages[3].content[1].image_url.url",
    );
  });

  it("is too large by its length alone, whatever it is made of", () => {
    expect(measure(ask(image(`data:image/png;base64,${"%".repeat(2000)}`)))).toBe(url);
    expect(measure(ask(audio("%".repeat(2000))))).toBe(`invalid_value ${head}.input_audio.data`);
  });

  it("is checked without a copy of it", () => {
    const base64 = Buffer.alloc(20_971_520, "A");
    // In one piece, as a parser of JSON makes it.
    const text = Buffer.concat([Buffer.from(pixelUrl.slice(0, -8)), base64]).toString("latin1");
    const messages = ask(image(text));
    const before = process.memoryUsage();
    expect(measure(messages, { bytesMax: 20_971_520 })).toBe(15_728_706);
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(4_194_304);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(8_388_608);
  });
});
