import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate } from "node:timers/promises";
import { createAnswerCheck } from "@clawgate/contract";
import { createFetch } from "@clawgate/contract/fetch";
import { generate } from "@clawgate/contract/generate";
import Koa from "koa";
import { describe, expect, onTestFinished, test } from "vitest";
import { operations } from "./generated/operations.ts";
import { fillSettings } from "./generated/settings-guards.js";
import { createKoaRoutes } from "./koa.fixture.ts";
import { storeOptions } from "./options.ts";
import { createStore, toFailure, type Watching } from "./store.fixture.ts";

const sellAll: Watching = {
  async sell({ emit }, { stock }) {
    for (let left = stock - 1; left >= 0; left--) {
      await setImmediate();
      emit({ sold: 1, left });
    }
  },
};

type Ask = (path: string, init?: RequestInit) => Promise<Response>;

function askFetch(watching: Watching = sellAll): Ask {
  const answers = createAnswerCheck(({ id }, what) => {
    throw new RangeError(`${id}: ${what}`);
  });
  const toContext = () => ({ customer: "ada" });
  const answer = createFetch(operations, createStore(watching), { toContext, toFailure, answers, bodyBytesMax: 200 });
  return (path, init) => answer(new Request(`http://store.example${path}`, init));
}

async function askKoa(watching: Watching = sellAll): Promise<Ask> {
  const app = new Koa();
  app.use(createKoaRoutes(operations, createStore(watching), { customer: "ada" }));
  const handle = app.callback();
  const server = createServer((request, response) => void handle(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init);
}

test("what is committed is what the generator makes", async () => {
  const { differences, files } = await generate({ ...storeOptions, check: true });
  expect(differences).toEqual([]);
  expect(files).toContain("operations.md");
});

test("an extension that asks for a document where there is none is told so", async () => {
  const { document: _, ...rest } = storeOptions;
  await expect(generate({ ...rest, check: true })).rejects.toThrow("generate() was given none");
});

test("a check that fills defaults in says so by its name, and does it", () => {
  const settings: unknown = { name: "corner" };
  expect(fillSettings(settings)).toBeUndefined();
  expect(settings).toEqual({ name: "corner", shelves: 3 });
  expect(fillSettings({ shelf: 1 })).toMatchObject({ code: "unknown_parameter", param: "shelf" });
});

const post = (body: unknown, shop = "corner"): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", "x-shop": shop },
  body: JSON.stringify(body),
});

interface Row {
  readonly given: readonly [path: string, init?: RequestInit];
  readonly status: number;
  readonly body: unknown;
}

const tea = { id: "tea/green", name: "Green tea", stock: 2 };
const rows: Readonly<Record<string, Row>> = {
  "a list": { given: ["/items"], status: 200, body: [tea] },
  "a number of the query": { given: ["/items?limit=1"], status: 200, body: [tea] },
  "a number that is too small": {
    given: ["/items?limit=0"],
    status: 400,
    body: { problem: "Invalid 'limit': expected a value >= 1, but got 0 instead.", field: "limit" },
  },
  "a truth value that is none": {
    given: ["/items?sold=maybe"],
    status: 400,
    body: { problem: "Invalid type for 'sold': expected a boolean, but got a string instead.", field: "sold" },
  },
  "a parameter that is there twice": {
    given: ["/items?limit=1&limit=2"],
    status: 400,
    body: { problem: "Invalid value for 'limit': it is there 2 times.", field: "limit" },
  },
  "a new item": {
    given: ["/items", post({ name: "Cup", stock: 1, colour: "blue" })],
    status: 201,
    body: { id: "corner/ada/1", name: "Cup", stock: 1 },
  },
  "an item without a stock": {
    given: ["/items", post({ name: "Cup" })],
    status: 400,
    body: { problem: "Missing required parameter: 'stock'.", field: "stock" },
  },
  "an item whose second tag is unknown": {
    given: ["/items", post({ name: "Cup", stock: 1, tags: ["new", "blue"] })],
    status: 400,
    body: {
      problem: "Invalid value for 'tags[1]': 'blue'. Supported values are: 'new', 'used'.",
      field: "tags[1]",
    },
  },
  "a header that must be there": {
    given: ["/items", post({ name: "Cup", stock: 1 }, "")],
    status: 400,
    body: { problem: "Missing required parameter: 'x-shop'.", field: "x-shop" },
  },
  "an id with a slash": { given: ["/items/tea/green"], status: 200, body: tea },
  "the same, encoded": { given: ["/items/tea%2Fgreen"], status: 200, body: tea },
  "an id in broken encoding": {
    given: ["/items/%zz"],
    status: 400,
    body: { problem: "Invalid value for 'id': the percent-encoding is broken.", field: "id" },
  },
  "an item that is not there": { given: ["/items/cup"], status: 404, body: { problem: "There is no item 'cup'." } },
};

describe.for<[name: string, start: (watching?: Watching) => Ask | Promise<Ask>]>([
  ["plain fetch handlers", askFetch],
  ["Koa", askKoa],
])("the store behind %s", ([, start]) => {
  test.for(Object.entries(rows))("answers %s", async ([, { given, status, body }]) => {
    const ask = await start();
    const response = await ask(...given);
    expect({ status: response.status, body: await response.json() }).toEqual({ status, body });
    if (status === 201) expect(response.headers.get("location")).toBe("/items/corner/ada/1");
  });

  test("streams events, and says how the stream ends", async () => {
    const response = await (await start())("/watch/tea%2Fgreen");
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    expect(await response.text()).toBe('data: {"sold":1,"left":1}\n\ndata: {"sold":1,"left":0}\n\ndata: sold out\n\n');
  });

  test("tells in a last event why a stream failed, and nothing after it", async () => {
    const ask = await start({
      async sell({ emit }) {
        emit({ sold: 1, left: 1 });
        await setImmediate();
        throw new RangeError("The shelf fell over.");
      },
    });
    expect(await (await ask("/watch/tea%2Fgreen")).text()).toBe(
      'data: {"sold":1,"left":1}\n\ndata: {"problem":"The shelf fell over."}\n\n',
    );
  });

  test("holds back an event that the contract does not have", async () => {
    const ask = await start({
      sell({ emit }) {
        emit({ sold: 0, left: 1 });
        return Promise.resolve();
      },
    });
    expect(await (await ask("/watch/tea%2Fgreen")).text()).toMatch(/^data: \{"problem":"[^"]+"\}\n\n$/);
  });

  test("tells the stream when its client leaves", async () => {
    const ended = Promise.withResolvers<unknown>();
    const ask = await start({
      sell({ emit, signal }) {
        signal.addEventListener("abort", () => ended.resolve("left"));
        emit({ sold: 1, left: 1 });
        return new Promise(() => undefined);
      },
    });
    const response = await ask("/watch/tea%2Fgreen");
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(await ended.promise).toBe("left");
  });

  test("makes a stream wait for a slow reader", async () => {
    const held = Promise.withResolvers<void>();
    let sold = 0;
    const ask = await start({
      async sell({ emit, flow }) {
        while (sold < 400_000) {
          if (flow.held) {
            held.resolve();
            await flow.free();
          }
          emit({ sold: 1, left: sold++ });
        }
      },
    });
    const response = await ask("/watch/tea%2Fgreen");
    await held.promise;
    expect(sold).toBeLessThan(400_000);
    const text = await response.text();
    expect(sold).toBe(400_000);
    expect(text.match(/"left":/g)).toHaveLength(400_000);
  });
});

test.for<[status: number, path: string, init: RequestInit, problem: string]>([
  [404, "/shelves", {}, "There is nothing at /shelves."],
  [405, "/items", { method: "PUT" }, "PUT is not offered here. Allowed: GET, POST."],
  [415, "/items", { method: "POST", body: "{}" }, "'Content-Type' must be 'application/json'."],
  [400, "/items", { ...post({}), body: '{"name":' }, "The body is not valid JSON."],
  [400, "/items", { ...post({}), body: new Uint8Array([34, 255, 34]) }, "The body is not valid JSON."],
  [413, "/items", post({ name: "x".repeat(200), stock: 1 }), "The body is larger than 200 bytes."],
])("plain fetch handlers refuse with %i what reaches no handler: %s", async ([status, path, init, problem]) => {
  const response = await askFetch()(path, init);
  expect({ status: response.status, body: await response.json() }).toEqual({ status, body: { problem } });
  if (status === 405) expect(response.headers.get("allow")).toBe("GET, POST");
});

test("rows keep what the document says in words of its own", () => {
  expect(operations.watchItem.extensions).toEqual({ "x-room": "shelf" });
  expect(operations.getItem.responses[404]).toBe(operations.watchItem.responses[404]);
});
