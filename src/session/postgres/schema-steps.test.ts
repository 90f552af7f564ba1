import { describe, expect, test } from "vitest";
import { programs } from "../../../test/postgres.fixture.ts";
import { addTurn, mustOpen, user } from "../turns.fixture.ts";
import { createTestStores } from "./stores.fixture.ts";

describe.skipIf(programs === undefined)("the schema", () => {
  test("is made once by many gateways that start at once", async () => {
    const stores = await createTestStores();
    await Promise.all(Array.from({ length: 6 }, () => stores.connect()));
    expect(await stores.edit("SELECT count(*) AS steps, max(version) AS last FROM schema_step")).toEqual([
      { steps: "6", last: 6 },
    ]);
  });

  test("of a later version serves this one, while it is running too, if it says so", async () => {
    const stores = await createTestStores();
    const running = await stores.connect();
    const { lease } = await mustOpen(running, "k");
    await stores.edit(`
      ALTER TABLE session ADD COLUMN label text; CREATE TABLE more (x integer);
      INSERT INTO schema_step (version, known_min) VALUES (99, 1)`);
    await running.commit(lease, { keep: 0, append: [user("1")] });
    await running.check();
    await addTurn(await stores.connect(), "k", [user("2")]);
    expect((await running.read("k")).messages).toEqual([user("1"), user("2")]);
  });

  test("of a later version that needs a later program is refused, and left as it is", async () => {
    const stores = await createTestStores();
    const running = await stores.connect();
    await running.check();
    await stores.edit("INSERT INTO schema_step (version, known_min) VALUES (99, 98)");
    await expect(stores.connect()).rejects.toMatchObject({
      code: "storage_unavailable",
      message: expect.stringMatching(/schema 99, which needs .* 98; this one knows 6\. Start the version/) as string,
    });
    // One that runs is not ready any more, so that no calls come to it.
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    await expect(running.check()).rejects.toMatchObject({ code: "storage_unavailable" });
  });

  test("needs no right to make anything once it is there", async () => {
    const stores = await createTestStores();
    await addTurn(await stores.connect(), "k", [user("1")]);
    const role = `${stores.schema}_user`;
    await stores.edit(`
      CREATE ROLE "${role}" LOGIN; GRANT USAGE ON SCHEMA "${stores.schema}" TO "${role}";
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${stores.schema}" TO "${role}";
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA "${stores.schema}" TO "${role}"`);
    const url = stores.url.replace("clawgate@", `${role}@`);
    const store = await stores.connect({ url });
    await store.check();
    await addTurn(store, "k", [user("2")]);
    await expect(stores.connect({ url, schema: `${stores.schema}_x` })).rejects.toMatchObject({
      message: expect.stringMatching(/permission denied .*GRANT CREATE ON DATABASE/) as string,
    });
    await store.close();
    await stores.edit(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`);
  });
});
