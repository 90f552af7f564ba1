import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/base/config/load.ts";
import { startTestGateway, type TestGateway, type TestGatewayOptions, testToken } from "../gateway.fixture.ts";
import { expectError } from "./error.fixture.ts";
import { type Answer, exchangeFrom, openSocket, toRequest } from "./socket.fixture.ts";

/** What holds without a word about it in the configuration. */
const { limit } = parseConfig({}).gateway.auth;

function startLimited(options: TestGatewayOptions = {}, more: object = {}): Promise<TestGateway> {
  return startTestGateway({ ...options, config: { gateway: { auth: { limit: { ...limit, ...more } } } } });
}

type Fields = Readonly<Record<string, string | null>>;
const models = (authorization: string | null, fields: Fields = {}): Buffer =>
  toRequest({ method: "GET", path: "/v1/models", headers: { ...fields, authorization } });
const wrong = (index = 0): string => `Bearer wrong-${index}`;
const right = `Bearer ${testToken}`;

/** One after the other on one connection. */
async function ask(from: string, port: number, requests: readonly Buffer[]): Promise<Answer[]> {
  const wire = await openSocket(port, { from });
  const answers: Answer[] = [];
  for (const request of requests) {
    wire.send(request);
    answers.push(await wire.read());
  }
  return answers;
}

const statusesOf = (answers: readonly Answer[]): number[] => answers.map(({ status }) => status);
const refusals = (count: number): number[] => Array.from({ length: count }, () => 401);
const guesses = (count: number, fields?: Fields): Buffer[] =>
  Array.from({ length: count }, (_, index) => models(wrong(index), fields));

test("by default the eleventh wrong key of a minute is 429, and a right one is let in all the same", async () => {
  const { port, log, request } = await startLimited();
  const answers = await ask("127.0.0.5", port, guesses(11));
  expect(statusesOf(answers)).toEqual([...refusals(10), 429]);
  const [last] = answers.slice(-1) as [Answer];
  expectError(last, { code: "auth_locked" });
  expect(last.headers).toMatchObject({
    "x-should-retry": "false",
    "retry-after": expect.stringMatching(/^(?:[1-9]|[1-5]\d|60)$/) as string,
  });
  expect(statusesOf(await ask("127.0.0.5", port, [models(right), models(wrong()), models(null)]))).toEqual([
    200, 429, 401,
  ]);
  expect(statusesOf(await ask("127.0.0.6", port, [models(right), models(wrong())]))).toEqual([200, 401]);
  const metrics = await (await request("/metrics")).text();
  expect(metrics).toContain('clawgate_auth_failures_total{reason="wrong"} 11');
  expect(metrics).toContain('clawgate_auth_failures_total{reason="locked"} 2');
  expect(metrics).toContain('clawgate_auth_failures_total{reason="missing"} 1');
  expect(metrics).toContain("clawgate_auth_lockouts_total 1");
  expect(log.filter(({ msg }) => String(msg).includes("locked"))).toEqual([
    expect.objectContaining({ address: "127.0.0.5", level: 40 }),
  ]);
});

test("a password that could be guessed stays locked out until the lock ends", async () => {
  const password = "tr0ub4dor";
  const credential = { mode: "password", secret: password, origin: "configured" } as const;
  const { port } = await startLimited({ credential }, { lockMs: 400 });
  const rightOne = models(`Bearer ${password}`);
  expect(statusesOf(await ask("127.0.0.5", port, [rightOne, ...guesses(11), rightOne]))).toEqual([
    200,
    ...refusals(10),
    429,
    429,
  ]);
  expect((await exchangeFrom("127.0.0.6", port, rightOne)).status).toBe(200);
  await expect
    .poll(async () => (await exchangeFrom("127.0.0.5", port, rightOne)).status, { timeout: 10_000 })
    .toBe(200);
});

test("beside such a password, keys are never locked out", async () => {
  const key = "key-of-a-program-0123456789abcdef";
  const keys = { nightly: { sha256: createHash("sha256").update(key).digest("hex") } };
  const credential = { mode: "password", secret: "tr0ub4dor", origin: "configured" } as const;
  const { port } = await startTestGateway({ credential, config: { gateway: { auth: { limit, keys } } } });
  await ask("127.0.0.5", port, guesses(11));
  const [keyed, typed] = await ask("127.0.0.5", port, [models(`Bearer ${key}`), models("Bearer tr0ub4dor")]);
  expect([keyed?.status, typed?.status]).toEqual([200, 429]);
});

test("whatever else a guess carries, it counts, and for the address of its socket", async () => {
  const { port } = await startLimited();
  const lies = guesses(11).map((_, index) =>
    models(wrong(index), {
      "x-forwarded-for": `192.0.2.${index}`,
      "x-real-ip": `192.0.2.${index}`,
      forwarded: `for=192.0.2.${index}`,
    }),
  );
  expect(statusesOf(await ask("127.0.0.5", port, lies))).toEqual([...refusals(10), 429]);
  const own = {
    origin: "http://127.0.0.1",
    "x-api-key": testToken,
    "x-openclaw-token": testToken,
    cookie: `t=${testToken}`,
  };
  expect(statusesOf(await ask("127.0.0.1", port, guesses(11, own)))).toEqual([...refusals(10), 429]);
  const places = ["/v1/nope", "/metrics", "/v1/chat/completions"].map((path) =>
    toRequest({ method: "GET", path, headers: { authorization: wrong() } }),
  );
  expect(statusesOf(await ask("127.0.0.7", port, [...places, ...guesses(8)]))).toEqual([...refusals(10), 429]);
});

test("what is no guess is not counted: no key, another scheme, a preflight, an open path", async () => {
  const credential = { mode: "password", secret: "tr0ub4dor", origin: "configured" } as const;
  const { port } = await startLimited({ credential });
  const harmless = [
    models(null),
    models(""),
    models("Bearer "),
    models("Basic dTpw"),
    models("tr0ub4dor"),
    toRequest({ method: "OPTIONS", headers: { authorization: null, "access-control-request-method": "POST" } }),
    toRequest({ method: "PUT", headers: { authorization: null } }),
    toRequest({ method: "GET", path: "/healthz", headers: { authorization: wrong() } }),
  ];
  for (let count = 0; count < 6; count++) await ask("127.0.0.5", port, harmless);
  expect((await exchangeFrom("127.0.0.5", port, models("Bearer tr0ub4dor"))).status).toBe(200);
});

test("behind a trusted proxy each client is counted for itself", async () => {
  const { port } = await startTestGateway({
    config: { gateway: { auth: { limit }, trustedProxies: ["127.0.0.9"] } },
  });
  const from = (client: string): Buffer => models(wrong(), { "x-forwarded-for": `${Math.random()}, ${client}` });
  const many = Array.from({ length: 11 }, () => from("192.0.2.1"));
  expect(statusesOf(await ask("127.0.0.9", port, [...many, from("192.0.2.2")]))).toEqual([...refusals(10), 429, 401]);
});

test("it can be switched off", async () => {
  const { port } = await startLimited({}, { enabled: false });
  expect(statusesOf(await ask("127.0.0.5", port, guesses(30)))).toEqual(refusals(30));
});

test("a flood of wrong keys leaves a bounded number of lines, whose sum is all of them", async () => {
  const { port, log, stop } = await startLimited();
  const flood = Array.from({ length: 20 }, () => ask("127.0.0.5", port, guesses(40)));
  await Promise.all(flood);
  expect((await exchangeFrom("127.0.0.6", port, models(right))).status).toBe(200);
  await stop();
  const lines = log.filter(({ msg }) => msg === "request");
  expect(lines.length).toBeLessThan(500);
  expect(lines.filter(({ status }) => status === 200)).toHaveLength(1);
  const missed = log.reduce((sum, { requests }) => sum + Number(requests ?? 0), 0);
  expect(lines.length + missed).toBe(801);
});
