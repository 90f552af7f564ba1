import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Case } from "../case.ts";
import { type RunOptions, runCases } from "./engine.ts";
import { Failure, Skip } from "../expect.ts";

const answer: RequestListener = (_request, response) =>
  void response.writeHead(200, { "content-type": "application/json" }).end('{"object":"list","data":[]}');

async function listen(listener: RequestListener = answer): Promise<{ baseUrl: string; close: () => void }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  onTestFinished(close);
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, close };
}

const toCase = (id: string, run: Case["run"], more: Partial<Case> = {}): Case => ({
  id,
  level: "MUST",
  requirement: "It holds.",
  source: "A test.",
  run,
  ...more,
});

async function runAll(cases: readonly Case[], options: Partial<RunOptions> = {}, baseUrl = "http://127.0.0.1:1/v1") {
  return runCases({
    cases,
    subject: { baseUrl, apiKey: "key-0123", model: "m", profile: "chat" },
    capabilities: new Map([["models", { present: true, why: "" }]]),
    sdks: [7, 6, 5, 4],
    concurrency: 2,
    seed: 1,
    baseline: new Map(),
    ...options,
  });
}

const no = (error: Error): Promise<never> => Promise.reject(error);
const hang = (): Promise<never> => new Promise(() => undefined);

test.each<{ name: string; run: Case["run"]; more?: Partial<Case>; want: object }>([
  { name: "returns", run: () => Promise.resolve(), want: { verdict: "pass" } },
  {
    name: "throws a Failure",
    run: () => no(new Failure("this", "that")),
    want: { verdict: "fail", expected: "this", actual: "that" },
  },
  {
    name: "throws a Failure and is a SHOULD",
    run: () => no(new Failure("this", "that")),
    more: { level: "SHOULD" },
    want: { verdict: "warn", expected: "this" },
  },
  { name: "throws a Skip", run: () => no(new Skip("not here")), want: { verdict: "skip", reason: "not here" } },
  {
    name: "throws anything else",
    run: () => no(new TypeError("oh", { cause: new Error("why") })),
    want: { verdict: "error", reason: "TypeError: oh (Error: why)" },
  },
  {
    name: "throws before its first await",
    run: () => {
      throw new RangeError("at once");
    },
    want: { verdict: "error", reason: "RangeError: at once" },
  },
  {
    name: "needs what is not there",
    run: hang,
    more: { needs: ["models", "tools"] },
    want: { verdict: "skip", reason: expect.stringContaining("needs tools") as string },
  },
  {
    name: "never ends",
    run: hang,
    more: { limitMs: 30 },
    want: { verdict: "error", reason: "Error: the case was not decided within 30 ms" },
  },
])("a case that $name", async ({ run, more, want }) => {
  const { results } = await runAll([toCase("T-01", run, more)]);
  expect(results).toHaveLength(1);
  expect(results[0]).toMatchObject({ id: "T-01", group: "T", ...want });
});

test("a case that waits for its signal is told that its time is over", async () => {
  const waits = toCase(
    "T-01",
    ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("some noise of the abort")));
      }),
    { limitMs: 30 },
  );
  const { results, seconds } = await runAll([waits]);
  expect(results[0]?.reason).toBe("Error: the case was not decided within 30 ms");
  // For ever, if nobody told it.
  expect(seconds).toBeLessThan(30);
});

test("a promise that a case has lost is a finding and not the end", async () => {
  const loses = toCase("T-01", () => {
    void Promise.reject(new Error("lost"));
    return Promise.resolve();
  });
  const { results } = await runAll([loses]);
  expect(results.map(({ id, verdict, actual }) => ({ id, verdict, actual }))).toEqual([
    { id: "T-01", verdict: "pass", actual: undefined },
    { id: "STRAY-01", verdict: "fail", actual: "Error: lost" },
  ]);
});

test("cases that run alone come last, one at a time, and are reported in their place", async () => {
  const order: string[] = [];
  let running = 0;
  const toRun = (id: string) => async (): Promise<void> => {
    running++;
    await new Promise(setImmediate);
    order.push(`${id} of ${running}`);
    running--;
  };
  const one = (id: string, alone: boolean): Case => toCase(id, toRun(id), { alone });
  const { results } = await runAll([one("A-1", true), one("B-1", false), one("C-1", true), one("D-1", false)]);
  expect(order.slice(2)).toEqual(["A-1 of 1", "C-1 of 1"]);
  expect(results.map(({ id }) => id)).toEqual(["A-1", "B-1", "C-1", "D-1"]);
});

test("no more cases run at once than were asked for", async () => {
  let [running, most] = [0, 0];
  const run = async (): Promise<void> => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running--;
  };
  await runAll(
    Array.from({ length: 9 }, (_, index) => toCase(`T-${index}`, run)),
    { concurrency: 3 },
  );
  expect(most).toBe(3);
});

test("a case for each SDK runs once for every major that has what it needs", async () => {
  const majors: number[] = [];
  const run: Case["run"] = ({ sdk }) => Promise.resolve(void majors.push(sdk.major));
  const { results } = await runAll([toCase("T-01", run, { eachSdk: true, sdkMin: 5 }), toCase("T-02", run)], {
    concurrency: 1,
  });
  expect(results.map(({ sdk }) => sdk)).toEqual([7, 6, 5, undefined]);
  expect(majors).toEqual([7, 6, 5, 7]);
});

test("chance is the same for the same seed and case, and different otherwise", async () => {
  const draw = async (seed: number): Promise<number[]> => {
    const drawn: number[] = [];
    const run: Case["run"] = ({ random }) => Promise.resolve(void drawn.push(random(), random()));
    await runAll([toCase("T-01", run), toCase("T-02", run)], { seed, concurrency: 1 });
    return drawn;
  };
  const [first, again, other] = [await draw(7), await draw(7), await draw(8)];
  expect(again).toEqual(first);
  expect(new Set([...first, ...other]).size).toBe(8);
  for (const value of first) expect(value).toSatisfy((number: number) => number >= 0 && number < 1);
});

test("the baseline is applied and every result is told of once", async () => {
  const told: string[] = [];
  await runAll([toCase("T-01", () => no(new Failure("a", "b"))), toCase("T-02", () => Promise.resolve())], {
    baseline: new Map([
      ["T-01", "known"],
      ["T-02", "known"],
    ]),
    onResult: ({ id, verdict }) => told.push(`${id} ${verdict}`),
  });
  expect(told.toSorted()).toEqual(["T-01 xfail", "T-02 xpass"]);
});

const asks: Case["run"] = async ({ send }) => void (await send({ path: "/models", method: "GET" }));

test("a subject that is gone is not asked on and on", async () => {
  const { baseUrl, close } = await listen();
  close();
  const cases = Array.from({ length: 30 }, (_, index) => toCase(`T-${index}`, asks));
  const { results, died } = await runAll(cases, { concurrency: 1 }, baseUrl);
  expect(died).toMatchObject({ cases: ["T-0"], exchanges: [{ method: "GET", status: 0, end: "none" }] });
  expect(results.map(({ verdict }) => verdict)).toEqual(Array.from({ length: 30 }, () => "not-run"));
});

test("a subject that still answers is not given up, however many cases fail without an answer", async () => {
  const { baseUrl } = await listen();
  const cases = Array.from({ length: 20 }, (_, index) => toCase(`T-${index}`, () => no(new Failure("a", "b"))));
  const { died, results } = await runAll([...cases, toCase("T-99", asks)], { concurrency: 1 }, baseUrl);
  expect(died).toBe(undefined);
  expect(results.at(-1)?.verdict).toBe("pass");
});

test("what an SDK has left open is cut when its case is over, and nobody hears of it", async () => {
  const closed = Promise.withResolvers<boolean>();
  const { baseUrl } = await listen((request, response) => {
    request.socket.once("close", () => closed.resolve(true));
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write('data: {"choices":[]}\n\n');
  });
  const leaves = toCase("T-01", async ({ sdk, say }) => {
    void (await sdk.client.chat.completions.create({ ...say("hi"), stream: true }));
  });
  const { results } = await runAll([leaves], {}, baseUrl);
  expect(results.map(({ verdict }) => verdict)).toEqual(["pass"]);
  expect(results[0]?.exchanges).toMatchObject([{ status: 200, end: "limit" }]);
  await expect(closed.promise).resolves.toBe(true);
});

test("a raw connection that a case has left open is closed", async () => {
  const closed = Promise.withResolvers<boolean>();
  const { baseUrl } = await listen((request) => void request.socket.once("close", () => closed.resolve(true)));
  const leaves = toCase("T-01", async ({ connect }) => {
    (await connect()).write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  });
  await runAll([leaves], {}, baseUrl);
  await expect(closed.promise).resolves.toBe(true);
});

test("what cases share stands with each of them, when it has failed as well", async () => {
  const { baseUrl } = await listen((_request, response) => void response.writeHead(418).end("no"));
  const fails: Case["run"] = async ({ once, send }) => {
    await once("shared", async () => {
      const { text } = await send({ path: "/x", method: "GET" });
      throw new Failure("tea", text);
    });
  };
  const { results } = await runAll([toCase("T-01", fails), toCase("T-02", fails)], { sdks: [7] }, baseUrl);
  expect(results.map(({ verdict, exchanges }) => [verdict, exchanges.map(({ status }) => status)])).toEqual([
    ["fail", [418]],
    ["fail", [418]],
  ]);
});

test("a body without end is cut off for the SDK as well", async () => {
  const { baseUrl } = await listen((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const piece = Buffer.alloc(1 << 20, "x");
    const write = (): void => {
      while (!response.destroyed) if (!response.write(piece)) return void response.once("drain", write);
    };
    write();
  });
  const reads = toCase("T-01", async ({ sdk, say }) => void (await sdk.client.chat.completions.create(say("hi"))));
  const { results } = await runAll([reads], {}, baseUrl);
  expect(results[0]).toMatchObject({ verdict: "fail", exchanges: [{ end: "limit" }] });
});
