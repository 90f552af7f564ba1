import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished } from "vitest";
import type { ErrorBody } from "../../src/base/contract.ts";
import { startTestGateway, type SharedGateway, test } from "../gateway.fixture.ts";

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const png = `data:image/png;base64,${pixel}`;

function toImages(...urls: string[]): object {
  return { role: "user", content: urls.map((url) => ({ type: "image_url", image_url: { url } })) };
}

function withMedia(media: object, http: object = {}): { config: object } {
  return { config: { gateway: { http: { ...http, endpoints: { chatCompletions: { media } } } } } };
}

async function ask({ chat }: SharedGateway, ...messages: object[]): Promise<{ status: number; text: string }> {
  const response = await chat({ model: "openclaw", messages });
  return { status: response.status, text: await response.text() };
}

async function toVerdict(gateway: SharedGateway, ...messages: object[]): Promise<string> {
  const { status, text } = await ask(gateway, ...messages);
  if (status === 200) return "200";
  const { code, param } = (JSON.parse(text) as ErrorBody).error;
  return `${status} ${code} ${param}`;
}

/** A port of loopback, and how many connections have come to it. */
async function startCanary(): Promise<{ readonly port: number; readonly count: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, count: () => connections };
}

test("an image that is sent is looked at", async ({ gateway }) => {
  const { status, text } = await ask(gateway, toImages(png));
  expect(status).toBe(200);
  expect(text).toContain("image/png, 1 × 1 pixels, 70 bytes");
});

test("an image that is elsewhere is refused by default, and nobody is asked for it", async ({ gateway }) => {
  const { port, count } = await startCanary();
  for (const host of ["127.0.0.1", "localhost", "[::1]", "img.example"]) {
    const url = `http://${host}:${port}/secret.png`;
    const { status, text } = await ask(gateway, { role: "user", content: "hi" }, toImages(png, url));
    const { error } = JSON.parse(text) as ErrorBody;
    expect({ status, ...error }).toEqual({
      status: 400,
      type: "invalid_request_error",
      code: "image_url_not_allowed",
      param: "messages[1].content[1].image_url.url",
      message: expect.not.stringContaining("secret") as string,
    });
  }
  expect(count()).toBe(0);
});

test("an address of this machine stays out of reach where fetching is on", async () => {
  const gateway = await startTestGateway(withMedia({ imageUrls: { enabled: true, timeoutMs: 200 } }));
  const { port, count } = await startCanary();
  for (const host of ["127.0.0.1", "localhost", "[::1]", "0x7f.1"]) {
    expect(await toVerdict(gateway, toImages(`http://${host}:${port}/`))).toBe(
      "400 image_fetch_failed messages[0].content[0].image_url.url",
    );
  }
  expect(count()).toBe(0);
});

test("eight images are the most that a request has, its history included", async ({ gateway }) => {
  const said = { role: "assistant", content: "I see." };
  const four = toImages(png, png, png, png);
  expect(await toVerdict(gateway, four, said, four)).toBe("200");
  expect(await toVerdict(gateway, four, said, four, said, toImages(png))).toBe(
    "400 invalid_value messages[4].content[0]",
  );
});

test("twenty MiB are the most that its images have together, decoded", async () => {
  const gateway = await startTestGateway(withMedia({}, { bodyBytesMax: 67_108_864 }));
  // A PNG may go on behind its header as it likes: nobody decodes it.
  const toImage = (bytes: number): string => png.slice(0, -8) + Buffer.alloc(bytes - 66).toString("base64");
  const half = toImage(10_485_759);
  const said = { role: "assistant", content: "I see." };
  expect(await toVerdict(gateway, toImages(half), said, toImages(half))).toBe("200");
  expect(await toVerdict(gateway, toImages(half), said, toImages(half, png))).toBe(
    "400 invalid_value messages[2].content[1].image_url.url",
  );
  expect(await toVerdict(gateway, toImages(toImage(22_020_096)))).toBe(
    "400 invalid_value messages[0].content[0].image_url.url",
  );
});

test("the limits are those of the configuration", async () => {
  const gateway = await startTestGateway(withMedia({ imagesMax: 2, bytesMax: 100, pixelsMax: 1 }));
  expect(await toVerdict(gateway, toImages(png))).toBe("200");
  expect(await toVerdict(gateway, toImages(png, png))).toBe("400 invalid_value messages[0].content[1].image_url.url");
  expect(await toVerdict(gateway, toImages("http://a.example/", "http://a.example/", png))).toBe(
    "400 invalid_value messages[0].content[2]",
  );
  const wide = `data:image/gif;base64,${Buffer.from("GIF89a\x02\0\x01\0", "latin1").toString("base64")}`;
  expect(await toVerdict(gateway, toImages(wide))).toBe("400 invalid_value messages[0].content[0].image_url.url");
});

test("a stream is refused by its status too", async ({ gateway }) => {
  const { chat } = gateway;
  const response = await chat({ model: "openclaw", stream: true, messages: [toImages("https://img.example/a.png")] });
  expect(response.status).toBe(400);
  expect(await response.text()).toContain("image_url_not_allowed");
});
