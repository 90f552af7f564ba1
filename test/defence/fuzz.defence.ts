import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hash } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startCoverage } from "./coverage.fixture.ts";
import { type Door, type DoorName, doors } from "./doors.fixture.ts";
import { createDraw, mutate } from "./mutate.fixture.ts";

// Inputs that are changed again and again; those that reach code which none before has reached are changed further. For ten
// minutes a door: FUZZ_SECONDS=600 npm run test:defence -- fuzz. What ever failed is kept in corpus/ and comes first.

const seconds = Number(process.env["FUZZ_SECONDS"] ?? 10);
const seed = Number(process.env["FUZZ_SEED"] ?? Date.now() % 2 ** 32);
/** The seeds and what was kept take as long as they take. */
const timeout = (seconds + 300) * 1000;
const folder = join(import.meta.dirname, "corpus");

test.each(Object.keys(doors) as DoorName[])("no input at the door %s makes a defect", { timeout }, async (name) => {
  const door = await doors[name]();
  const kept = readKept(name);
  for (const input of kept) await assertHarmless(door, name, input);

  const draw = createDraw(seed);
  const measure = await startCoverage();
  const corpus: Buffer[] = [];
  for (const input of [...door.seeds, ...kept]) {
    await assertHarmless(door, name, input);
    await measure();
    corpus.push(input);
  }
  const end = performance.now() + seconds * 1000;
  let inputs = 0;
  while (performance.now() < end) {
    const input = mutate(corpus, door.words, draw);
    await assertHarmless(door, name, input);
    if ((await measure()) > 0) corpus.push(input);
    inputs++;
  }
  console.log(`${name}: ${inputs} inputs, ${corpus.length} kept, seed ${seed}`);
  // It follows what the code does: blind changes alone would keep none.
  expect(corpus.length).toBeGreaterThan(door.seeds.length + kept.length);
});

async function assertHarmless({ gateway, feed }: Door, name: string, input: Buffer): Promise<void> {
  try {
    await feed(input);
    const defects = gateway.log.filter(({ level }) => Number(level) >= 50);
    if (defects.length > 0) throw new Error(`logged: ${JSON.stringify(defects[0])}`);
    gateway.log.length = 0;
    const health = await fetch(`${gateway.url}/healthz`);
    await health.text();
    if (!health.ok) throw new Error(`health: ${health.status}`);
    if (gateway.gateway.metrics.violations > 0) throw new Error("an answer broke the contract");
  } catch (cause) {
    mkdirSync(join(folder, name), { recursive: true });
    const file = join(folder, name, hash("sha256", input).slice(0, 16));
    writeFileSync(file, input);
    throw new Error(`${file} (seed ${seed}): ${String(cause)}`, { cause });
  }
}

function readKept(name: string): Buffer[] {
  try {
    return readdirSync(join(folder, name)).map((file) => readFileSync(join(folder, name, file)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
