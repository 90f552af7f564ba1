import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { say } from "../talk.fixture.ts";
import { canMount, canTrace, createSmallPlace, readAnswers, startTraced, type Traced } from "./disk.fixture.ts";

/** Says so many things, each in a session of its own or all in one; gives what was acknowledged, and with which statuses. */
async function sayMany(gateway: Traced, name: string, count: number): Promise<{ told: string[]; statuses: number[] }> {
  const [told, statuses]: [string[], number[]] = [[], []];
  for (let index = 0; index < count; index += 1) {
    const text = `${name}-${index}-${"x".repeat(2_000)}`;
    const talk = await say(gateway, `@@echo ${text}`, { body: { user: name, stream: index % 2 === 1 } });
    statuses.push(talk.error === undefined ? talk.status : 503);
    if (talk.error === undefined) told.push(talk.text);
    else expect(talk.error.code).toBe("storage_unavailable");
  }
  return { told, statuses };
}

/** SQLite takes the one or the other, as it was built. */
const flushes = "fsync,fdatasync";

const isReady = async ({ url }: Traced): Promise<number> => (await fetch(`${url}/readyz`)).status;

describe.skipIf(!canMount)("a full disk", () => {
  test("is 503, also of readyz, loses nothing that was acknowledged, and is over when there is room again", async () => {
    const gateway = await startTraced([], createSmallPlace(3));
    const { stateFolder } = gateway.place;
    const before = await sayMany(gateway, "before", 4);
    expect(before.statuses).toEqual([200, 200, 200, 200]);
    const filler = join(stateFolder, "filler");
    const { bavail, bsize } = statfsSync(stateFolder);
    writeFileSync(filler, Buffer.alloc((bavail - 8) * bsize));
    const during = await sayMany(gateway, "during", 40);
    expect(during.statuses).toContain(503);
    expect(during.statuses.at(-1)).toBe(503);
    expect(await isReady(gateway)).toBe(503);
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
    rmSync(filler);
    await expect.poll(() => isReady(gateway), { timeout: 10_000 }).toBe(200);
    const after = await sayMany(gateway, "after", 4);
    expect(after.statuses).toEqual([200, 200, 200, 200]);
    expect(readAnswers(gateway.place)).toEqual([...before.told, ...during.told, ...after.told]);
  });
});

describe.skipIf(!canTrace)("the disk", () => {
  test("has a turn before its client has the answer, in either mode", async () => {
    const calls = "trace=pwrite64,fdatasync,fsync,write,writev,sendto,sendmsg";
    const gateway = await startTraced(["-s", "65536", "-e", calls]);
    const names: string[] = [];
    for (let index = 0; index < 60; index += 1) {
      const name = `turn${index}end`;
      const talk = await say(gateway, `@@echo ${name}`, { body: { user: `u${index % 3}`, stream: index % 2 === 1 } });
      expect(talk.text).toBe(name);
      names.push(name);
    }
    await gateway.stop();
    expect(findUnflushed(gateway.trace(), names)).toEqual([]);
  });

  test("that does not flush takes no more turns, and what was acknowledged is there after a restart", async () => {
    // Once: the flushes after it go well, without the pages that the system has let go.
    const gateway = await startTraced(["-e", `trace=${flushes}`, "-e", `inject=${flushes}:error=EIO:when=25`]);
    const { told, statuses } = await sayMany(gateway, "a", 30);
    expect(statuses.indexOf(503)).toBeGreaterThan(0);
    expect(new Set(statuses.slice(statuses.indexOf(503)))).toEqual(new Set([503]));
    expect(await isReady(gateway)).toBe(503);
    gateway.process.kill("SIGKILL");
    await gateway.ended;
    const next = await startTraced([], gateway.place);
    expect((await sayMany(next, "a", 2)).statuses).toEqual([200, 200]);
    const stored = readAnswers(gateway.place);
    expect(stored.slice(0, told.length)).toEqual(told);
    // Of the one that failed nobody knows.
    expect(stored.length).toBeLessThanOrEqual(told.length + 3);
  });

  test.each(["ENOSPC", "EDQUOT", "EIO", "EFBIG"])(
    "that refuses writes with %s for a while loses and doubles nothing that was acknowledged",
    async (error) => {
      const gateway = await startTraced([
        "-e",
        "trace=pwrite64",
        "-e",
        `inject=pwrite64:error=${error}:when=90..99+37`,
      ]);
      const { told, statuses } = await sayMany(gateway, "a", 40);
      expect(statuses).toContain(503);
      gateway.process.kill("SIGKILL");
      await gateway.ended;
      expect(readAnswers(gateway.place)).toEqual(told);
    },
  );

  // At its end the gateway moves the write-ahead log into the database, page by page.
  test.each([1, 2, 5, 9])("that is left at write %i of a checkpoint has all that was acknowledged", async (write) => {
    const first = await startTraced();
    const { place } = first;
    const { told } = await sayMany(first, "a", 12);
    first.process.kill("SIGKILL");
    await first.ended;
    const database = join(place.stateFolder, "sessions.sqlite");
    const kill = ["-e", "trace=pwrite64", "-e", `inject=pwrite64:signal=SIGKILL:when=${write}`];
    const second = await startTraced(["-P", database, ...kill], place);
    expect(await second.stop()).toMatchObject({ status: null });
    const third = await startTraced([], place);
    const after = await sayMany(third, "a", 1);
    expect(readAnswers(place)).toEqual([...told, ...after.told]);
  });

  test("that is slow makes answers slow and not the gateway, and turns share its flushes", async () => {
    const gateway = await startTraced(["-e", `trace=${flushes}`, "-e", `inject=${flushes}:delay_enter=300000`]);
    const count = (): number => gateway.trace().filter((line) => /(?:fsync|fdatasync)\(/.test(line)).length;
    const before = count();
    const calls = Promise.all(
      Array.from({ length: 60 }, (_, index) => say(gateway, `@@echo ${index}`, { body: { user: `u${index}` } })),
    );
    const health: number[] = [];
    const over = new AbortController();
    void calls.finally(() => over.abort());
    while (!over.signal.aborted) {
      const began = performance.now();
      await fetch(`${gateway.url}/healthz`);
      health.push(performance.now() - began);
      await delay(20);
    }
    expect((await calls).map(({ text }) => text)).toEqual(Array.from({ length: 60 }, (_, index) => String(index)));
    expect(count() - before).toBeGreaterThan(0);
    expect(count() - before).toBeLessThanOrEqual(10);
    // The middle one: what the machine does besides makes some of them slow.
    expect(health.toSorted((a, b) => a - b)[Math.floor(health.length / 2)]).toBeLessThan(100);
  });
});

/**
 * The turns whose end was sent before the disk was known to have them. `names` are their answers, in the order in which
 * they were given, one at a time.
 */
function findUnflushed(trace: readonly string[], names: readonly string[]): string[] {
  const wrong: string[] = [];
  let line = 0;
  const next = (matches: (text: string) => boolean): number => {
    const found = trace.findIndex((text, index) => index >= line && matches(text));
    return found === -1 ? Infinity : found;
  };
  for (const name of names) {
    const written = next((text) => isLogged(text, name));
    line = written === Infinity ? line : written;
    const flushed = next((text) =>
      /(?:f(?:data)?sync\(\d+<[^>]*-wal>\)|<\.\.\. f(?:data)?sync resumed>\)) += 0/.test(text),
    );
    const sent = next((text) => /(?:write|writev|sendto|sendmsg)\(\d+<TCP/.test(text) && isEnd(text));
    if (!(written < flushed && flushed < sent && sent < Infinity)) wrong.push(`${name}: ${written} ${flushed} ${sent}`);
    line = sent === Infinity ? line : sent + 1;
  }
  return wrong;
}

function isLogged(text: string, name: string): boolean {
  return text.includes("-wal>") && text.includes("pwrite64(") && text.includes(name);
}

function isEnd(text: string): boolean {
  return /\\"finish_reason\\":\\"stop\\"/.test(text);
}
