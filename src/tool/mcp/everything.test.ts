import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ToolServerConfig } from "../../base/contract.ts";
import { createSilentLog } from "../../base/log.ts";
import type { ToolServers, ToolSet } from "../tool-set.ts";
import { createToolServers } from "./tool-servers.ts";
import { type EverythingHttp, everythingStdio, startEverythingHttp } from "./everything.fixture.ts";
import { call, fill, neverAborted, startToolServers, toNames } from "./tool-servers.fixture.ts";

let http: EverythingHttp;
beforeAll(async () => {
  http = await startEverythingHttp();
});
afterAll(() => http.stop());

const longRun = { duration: 30, steps: 1 };
const longRunName = "all__trigger-long-running-operation";

describe.for<[transport: string, config: () => Partial<ToolServerConfig>]>([
  ["a program", () => everythingStdio],
  ["an address", () => ({ url: http.url })],
])("server-everything as %s", ([, config]) => {
  // Started once, since it loads much, for the tests that leave it as it was.
  let servers: ToolServers;
  beforeAll(() => {
    servers = createToolServers({ all: fill(config()) }, { folder: import.meta.dirname, log: createSilentLog() });
  });
  afterAll(() => servers.stop());
  const open = (): Promise<ToolSet> => servers.open({ all: ["*"] }, neverAborted());

  test("offers its tools with their descriptions and schemas", async () => {
    const { tools } = await open();
    expect(tools.find((tool) => tool.function.name === "all__echo")).toMatchObject({
      type: "function",
      function: {
        description: "Echoes back the input string",
        parameters: { type: "object", properties: { message: { type: "string" } }, required: ["message"] },
      },
    });
  });

  test("answers calls with texts, images, structures, resources and errors", async () => {
    const table: [name: string, args: object, text: string, failed: boolean][] = [
      ["echo", { message: "grüße" }, "Echo: grüße", false],
      ["get-sum", { a: 2, b: 40 }, "The sum of 2 and 40 is 42.", false],
      ["get-tiny-image", {}, "[image: image/png, ", false],
      ["get-structured-content", { location: "Chicago" }, '"temperature"', false],
      ["get-resource-links", { count: 2 }, "[resource: demo://resource/dynamic/", false],
      ["get-resource-reference", { resourceType: "Text", resourceId: 1 }, "This is a plaintext resource", false],
      ["get-sum", { a: "two" }, "Invalid arguments", true],
    ];
    const set = await open();
    for (const [name, args, text, failed] of table) {
      const result = await call(set, `all__${name}`, args);
      expect(result).toMatchObject({ text: expect.stringContaining(text) as string, failed });
    }
  });

  test("a call that takes too long is a failed result, and the connection lives on", async () => {
    const { open: openImpatient } = startToolServers({ all: fill({ ...config(), timeoutMs: 1000 }) });
    const set = await openImpatient("all");
    expect(await call(set, longRunName, longRun)).toEqual({ text: "The call timed out after 1000 ms.", failed: true });
    expect(await call(set, "all__echo", { message: "still" })).toEqual({ text: "Echo: still", failed: false });
  });

  test("a call whose run is left throws the reason at once, and the others go on", async () => {
    const set = await open();
    const run = new AbortController();
    const left = set.call(longRunName, JSON.stringify(longRun), run.signal);
    const other = call(set, longRunName, { duration: 0.3, steps: 3 });
    const reason = new Error("the client left");
    run.abort(reason);
    await expect(left).rejects.toBe(reason);
    expect(await other).toMatchObject({ failed: false });
  });

  test("many calls at the same time each get their own answer", async () => {
    const set = await open();
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    const results = await Promise.all(numbers.map((a) => call(set, "all__get-sum", { a, b: 0 })));
    expect(results.map(({ text }) => text)).toEqual(numbers.map((a) => `The sum of ${a} and 0 is ${a}.`));
  });
});

test("an HTTP server that was started again gets a new session, and the call goes through", async () => {
  const first = await startEverythingHttp();
  const { open } = startToolServers({ all: fill({ url: first.url }) });
  const set = await open("all");
  await first.stop();
  const second = await startEverythingHttp(Number(new URL(first.url).port));
  try {
    expect(await call(set, "all__echo", { message: "again" })).toEqual({ text: "Echo: again", failed: false });
  } finally {
    await second.stop();
  }
});

test("an HTTP server that ends in the middle of a call fails it long before its time", async () => {
  const server = await startEverythingHttp();
  const { open } = startToolServers({ all: fill({ url: server.url, timeoutMs: 60_000 }) });
  const set = await open("all");
  const begun = call(set, longRunName, { duration: 30, steps: 30 });
  expect(await call(set, "all__echo", { message: "begun" })).toMatchObject({ failed: false });
  await server.stop();
  expect(await begun).toEqual({
    text: "The connection to the tool server 'all' ended before it answered.",
    failed: true,
  });
  expect(await call(set, "all__echo", { message: "x" })).toMatchObject({ failed: true });
});

test("the names that are granted are the server's own", async () => {
  const { servers } = startToolServers({ all: fill(everythingStdio) });
  const set = await servers.open({ all: ["echo", "get-sum"] }, neverAborted());
  expect(toNames(set)).toEqual(["all__echo", "all__get-sum"]);
});
