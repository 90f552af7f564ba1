import { describe, expect, test } from "vitest";
import { startDatabaseProxy } from "../database-proxy.fixture.ts";
import { onEnd } from "../end.fixture.ts";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { toKeyConfig, withKey } from "../keys.fixture.ts";
import { createTestSchema, programs } from "../postgres.fixture.ts";
import { say } from "../talk.fixture.ts";

// Two gateways on one database count the requests of a key together.

interface Pair {
  readonly gateways: readonly [TestGateway, TestGateway];
  readonly proxy: Awaited<ReturnType<typeof startDatabaseProxy>>;
  /** How often the row of the key was written. */
  readonly countWrites: () => Promise<number>;
}

async function startPair(limits: object): Promise<Pair> {
  const { url, schema, edit, remove } = await createTestSchema();
  onEnd(remove);
  const proxy = await startDatabaseProxy(url);
  const config = {
    gateway: { auth: { keys: toKeyConfig("ci", limits) } },
    sessions: { store: { postgres: { url: proxy.url, schema } } },
  };
  const start = (): Promise<TestGateway> => startTestGateway({ config, expectErrors: true });
  const gateways = [await start(), await start()] as const;
  await edit(`
    CREATE TABLE written (); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO "${schema}".written DEFAULT VALUES; RETURN NULL; END $$;
    CREATE TRIGGER note AFTER INSERT OR UPDATE ON key_rate FOR EACH ROW EXECUTE FUNCTION note()`);
  const countWrites = async (): Promise<number> =>
    Number((await edit<{ count: string }>("SELECT count(*) FROM written"))[0]?.count);
  return { gateways, proxy, countWrites };
}

const ask = async (gateway: TestGateway): Promise<number> =>
  (await withKey(gateway, "ci").request("/v1/models")).status;

describe.skipIf(programs === undefined)("the requests of a key in a minute", () => {
  test("are counted by both, and whoever is refused is told when to come again", async () => {
    const { gateways } = await startPair({ requestsPerMinute: 3 });
    const [a, b] = gateways.map((gateway) => withKey(gateway, "ci"));
    const left: (string | null)[] = [];
    for (const gateway of [a, b, a]) {
      const { status, headers } = await say(gateway ?? gateways[0], "@@echo hi");
      expect(status).toBe(200);
      left.push(headers.get("x-ratelimit-remaining-requests"));
    }
    expect(left).toEqual(["2", "1", "0"]);
    for (const gateway of [a, b]) {
      const { status, headers, error } = await say(gateway ?? gateways[0], "@@echo hi");
      expect([status, error?.code]).toEqual([429, "rate_limit_exceeded"]);
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(30);
      expect(Number(headers.get("retry-after"))).toBeLessThanOrEqual(60);
      expect(headers.get("x-ratelimit-remaining-requests")).toBe("0");
    }
  });

  test("are no more than the limit, however many come at once and wherever, and no row is written for each", async () => {
    const { gateways, countWrites } = await startPair({ requestsPerMinute: 200 });
    const statuses = await Promise.all(
      Array.from({ length: 25 }, async (_, index) => {
        const gateway = gateways[index % 2] ?? gateways[0];
        const mine: number[] = [];
        for (let call = 0; call < 16; call++) mine.push(await ask(gateway));
        return mine;
      }),
    );
    const counts = Object.groupBy(statuses.flat(), String);
    expect({ ok: counts["200"]?.length, refused: counts["429"]?.length }).toEqual({ ok: 200, refused: 200 });
    expect(await countWrites()).toBeLessThan(60);
  });

  test("that one has asked for and does not make are for the other soon", async () => {
    const { gateways } = await startPair({ requestsPerMinute: 40 });
    const [a, b] = gateways;
    // Of a slice of four.
    expect(await ask(a)).toBe(200);
    let made = 1;
    await expect
      .poll(
        async () => {
          while ((await ask(b)) === 200) made += 1;
          return made;
        },
        { interval: 100, timeout: 15_000 },
      )
      .toBe(40);
    expect([await ask(a), await ask(b)]).toEqual([429, 429]);
  });

  test("are counted by each for itself while there is no database", async () => {
    const { gateways, proxy } = await startPair({ requestsPerMinute: 3 });
    proxy.refuse();
    for (const gateway of gateways) {
      const statuses: number[] = [];
      for (let call = 0; call < 4; call++) statuses.push(await ask(gateway));
      expect(statuses).toEqual([200, 200, 200, 429]);
    }
  });
});
