import { expect, test as plain } from "vitest";
import { startTestGateway, test } from "../gateway.fixture.ts";
import { startFaultServer, toAnswer } from "../upstream/servers/fault.fixture.ts";
import { toConfig } from "../upstream/upstream.fixture.ts";
import { exchange, exchangeFrom, openSocket, toChatBody, toRequest } from "./socket.fixture.ts";

const requestOf = (line: Record<string, unknown>): boolean => line["msg"] === "request";

test("each line of a request has the client's address, and of a header nobody vouches for it has nothing", async ({
  gateway: { port, log },
}) => {
  const lies = {
    "x-forwarded-for": "192.0.2.1",
    "x-real-ip": "192.0.2.1",
    forwarded: "for=192.0.2.1",
    "cf-connecting-ip": "192.0.2.1",
    "true-client-ip": "192.0.2.1",
  };
  for (const authorization of [{}, { authorization: null }]) {
    const request = toRequest({ method: "GET", path: "/v1/models", headers: { ...lies, ...authorization } });
    await exchangeFrom("127.0.0.5", port, request);
  }
  await expect.poll(() => log.filter(requestOf)).toHaveLength(2);
  expect(log.filter(requestOf).map(({ status, address }) => ({ status, address }))).toEqual([
    { status: 200, address: "127.0.0.5" },
    { status: 401, address: "127.0.0.5" },
  ]);
  expect(JSON.stringify(log)).not.toContain("192.0.2.1");
});

plain(
  "of a trusted proxy the rightmost address counts that is none of its kind, over several headers too",
  async () => {
    const { port, log } = await startTestGateway({ config: { gateway: { trustedProxies: ["127.0.0.9"] } } });
    const forwarded = (value: string): Buffer =>
      toRequest({ method: "GET", path: "/v1/models", headers: { "x-forwarded-for": value } });
    const twice = "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 127.0.0.7\r\n";
    await exchangeFrom("127.0.0.9", port, forwarded("1.1.1.1, 127.0.0.5"));
    await exchangeFrom("127.0.0.8", port, forwarded("1.1.1.1, 127.0.0.5"));
    await exchangeFrom("127.0.0.9", port, `GET /healthz HTTP/1.1\r\nHost: localhost\r\n${twice}\r\n`);
    await exchangeFrom("127.0.0.9", port, forwarded("x".repeat(8000)));
    await expect.poll(() => log.filter(requestOf)).toHaveLength(4);
    expect(log.filter(requestOf).map(({ address }) => address)).toEqual([
      "127.0.0.5",
      "127.0.0.8",
      "127.0.0.7",
      "127.0.0.9",
    ]);
  },
);

plain("a client that leaves before its answer has an address in the log too", async () => {
  const upstream = await startFaultServer(() => undefined);
  const { port, log } = await startTestGateway({ config: toConfig(upstream.baseUrl) });
  const wire = await openSocket(port, { from: "127.0.0.5" });
  wire.send(toRequest());
  await expect.poll(() => upstream.calls).toHaveLength(1);
  wire.socket.destroy();
  await expect
    .poll(() => log.filter(requestOf))
    .toEqual([expect.objectContaining({ left: true, address: "127.0.0.5" })]);
});

const own = /^req_[0-9a-f]{24}$/;
const ids: readonly (readonly [given: string, adopted: boolean])[] = [
  ["7f3c2d1e-0a4b-4c5d-8e9f-1a2b3c4d5e6f", true],
  ["a", true],
  ["A.b_c-9", true],
  ["x".repeat(64), true],
  ["x".repeat(65), false],
  ["", false],
  ["two words", false],
  ["../etc/passwd", false],
  ["a,b", false],
  ["caf\u00e9", false],
  ["a%0d%0ab", false],
  ["{}", false],
];

test("a client's own request id is taken over where it is well-formed, and else replaced", async ({
  gateway: { port, log },
}) => {
  for (const [given, adopted] of ids) {
    for (const path of ["/healthz", "/v1/nope"]) {
      const answer = await exchange(port, toRequest({ method: "GET", path, headers: { "x-request-id": given } }));
      if (adopted) expect(answer.headers["x-request-id"]).toBe(given);
      else expect(answer.headers["x-request-id"], given).toMatch(own);
      await expect.poll(() => log.some(({ requestId }) => requestId === answer.headers["x-request-id"])).toBe(true);
    }
  }
  const lines = "X-Request-Id: one\r\nX-Request-Id: two\r\n";
  const twice = await exchange(port, `GET /healthz HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n`);
  expect(twice.headers["x-request-id"]).toMatch(own);
});

plain.each([
  ["openai-completions", 200],
  ["anthropic-messages", 400],
] as const)("the request id goes upstream to %s, and stands in the log of the run", async (api, status) => {
  const refusal = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
  const upstream = await startFaultServer((socket) => socket.write(status === 200 ? toAnswer("hi") : refusal));
  const { port, log } = await startTestGateway({ config: toConfig(upstream.baseUrl, { api }), expectErrors: true });
  for (const given of ["trace-4711", "no good"]) {
    const body = toChatBody("hi");
    const answer = await exchange(port, toRequest({ headers: { "x-request-id": given }, body }));
    const id = answer.headers["x-request-id"] ?? "none";
    expect(id === given).toBe(given === "trace-4711");
    expect(upstream.calls.at(-1)?.head).toMatch(new RegExp(`^x-request-id: ${id}$`, "im"));
    if (status === 400) {
      const line = log.find(({ msg, requestId }) => msg !== "request" && requestId === id);
      expect(line).toMatchObject({ runId: expect.any(String) as string });
    }
  }
});

plain("a request id of the provider's configuration is left alone", async () => {
  const upstream = await startFaultServer((socket) => socket.write(toAnswer("hi")));
  const headers = { "X-Request-Id": "configured" };
  const { port } = await startTestGateway({ config: toConfig(upstream.baseUrl, { headers }) });
  await exchange(port, toRequest());
  expect(upstream.calls[0]?.head.match(/^x-request-id: .*$/gim)).toEqual(["x-request-id: configured"]);
});
