import { expect, test } from "vitest";
import { begin, mustFind, toAdmission, toBatch, toEnd } from "./runs.fixture.ts";
import type { Admitted, RunAdmission, RunStore } from "./run-store.ts";
import type { SessionStore } from "./store.ts";

const key = { text: "k \ud800\0", requestHash: "h" };

const ask = (runs: RunStore, more: Partial<RunAdmission> = {}): Promise<Admitted> =>
  runs.admit(toAdmission({ key, ...more }));

const toFound = (id: string) => ({ kind: "found", run: { id } });

export function defineRunKeyTests(connect: () => Promise<SessionStore>): void {
  test("is the one that every equal request is given, at every store, while it runs and when it has ended", async () => {
    const [a, b] = [(await connect()).runs, (await connect()).runs];
    const hold = await begin(a, { key });
    for (const runs of [a, b]) expect(await ask(runs)).toMatchObject(toFound(hold.id));
    await a.finish(hold, toEnd(1));
    const want = { kind: "found", run: { id: hold.id, state: "completed", answer: '"done"' } };
    for (const runs of [a, b]) expect(await ask(runs)).toMatchObject(want);
  });

  test("finds its run for its principal, at every store", async () => {
    const [a, b] = [(await connect()).runs, (await connect()).runs];
    const { id } = await begin(a, { key });
    const { principal } = toAdmission();
    for (const runs of [a, b]) {
      expect(await runs.findKeyed(principal, key.text)).toEqual(await mustFind(runs, id));
      expect(await runs.findKeyed("ci", key.text)).toBeUndefined();
      expect(await runs.findKeyed(principal, "K")).toBeUndefined();
    }
  });

  test("is a conflict for another request, and nothing to another principal or key", async () => {
    const { runs } = await connect();
    const { id } = await begin(runs, { key });
    const other = await ask(runs, { key: { ...key, requestHash: "H" } });
    expect(other).toMatchObject({ kind: "conflict", run: { id } });
    expect(await ask(runs, { principal: "ci" })).toMatchObject({ kind: "begun" });
    expect(await ask(runs, { key: { ...key, text: "K" } })).toMatchObject({ kind: "begun" });
    expect(await runs.admit(toAdmission())).toMatchObject({ kind: "begun" });
  });

  test("is begun once by 40 requests that come at once to two stores", async () => {
    const stores = [(await connect()).runs, (await connect()).runs];
    const all = await Promise.all(Array.from({ length: 20 }, () => stores.map((runs) => ask(runs))).flat());
    const begun = all.filter(({ kind }) => kind === "begun");
    const found = all.flatMap((one) => (one.kind === "found" ? [one.run.id] : []));
    expect(begun).toHaveLength(1);
    expect(found).toHaveLength(39);
    const [first] = begun;
    expect(new Set(found)).toEqual(new Set([first?.kind === "begun" ? first.hold.id : ""]));
    expect((await stores[0]?.list({ limit: 100 }))?.items).toHaveLength(1);
  });

  test("gives it free where its end says so, and keeps it otherwise", async () => {
    const { runs } = await connect();
    const first = await begin(runs, { key });
    await runs.finish(first, { state: "failed", begun: false, batch: toBatch(1), error: '"e"', freesKey: true });
    const second = await begin(runs, { key });
    await runs.finish(second, { state: "failed", begun: false, batch: toBatch(1), error: '"e"' });
    expect(await ask(runs)).toMatchObject({ kind: "found", run: { id: second.id, error: '"e"' } });
    expect(await mustFind(runs, first.id)).toMatchObject({ state: "failed", error: '"e"' });
  });

  test("keeps it when its store is gone, and when it is asked for at a store of later", async () => {
    const first = await connect();
    const hold = await begin(first.runs, { key });
    await first.close();
    const { runs } = await connect();
    expect(await ask(runs)).toMatchObject({ kind: "found", run: { id: hold.id, state: "interrupted" } });
  });

  test("is awaited when another store is asked for it, and not when its own is", async () => {
    const [a, b] = [(await connect()).runs, (await connect()).runs];
    const hold = await begin(a, { key });
    await ask(a);
    expect(await a.wishes()).toEqual([]);
    await ask(b);
    expect(await a.wishes()).toEqual([{ id: hold.id, cancel: false, awaited: true }]);
  });

  test("is detached when it is asked for so once, and not by another request", async () => {
    const { runs } = await connect();
    const hold = await begin(runs, { key, detached: false });
    await ask(runs, { detached: false });
    await ask(runs, { key: { ...key, requestHash: "H" }, detached: true });
    expect(await mustFind(runs, hold.id)).toMatchObject({ detached: false });
    expect(await ask(runs, { detached: true })).toMatchObject({ run: { detached: true } });
    await ask(runs, { detached: false });
    expect(await mustFind(runs, hold.id)).toMatchObject({ detached: true });
  });

  test("loses it with what it has said, when it is old", async () => {
    const { runs } = await connect();
    const hold = await begin(runs, { key });
    await runs.finish(hold, toEnd(1));
    while (await runs.prune({ ageMs: 60_000, runsMax: 0 }));
    expect(await ask(runs)).toMatchObject({ kind: "begun" });
  });
}
