import { onEnd } from "../../../test/end.fixture.ts";
import { createTestSchema, poolerUrl, type TestSchema } from "../../../test/postgres.fixture.ts";
import { createSilentLog } from "../../base/log.ts";
import type { SessionStore } from "../store.ts";
import { createPostgresStore, type PostgresStoreOptions } from "./postgres-store.ts";

export interface TestStores extends TestSchema {
  /** Another store on the same schema, as another gateway has it; closed when the test is finished. */
  readonly connect: (options?: Partial<PostgresStoreOptions>) => Promise<SessionStore>;
}

/** A schema of the test's own, with as many stores as it wants. */
export async function createTestStores(): Promise<TestStores> {
  const database = await createTestSchema();
  const stores: SessionStore[] = [];
  onEnd(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await database.remove();
  });
  return {
    ...database,
    async connect(options = {}) {
      const { url, schema } = database;
      const store = await createPostgresStore({
        url: poolerUrl ?? url,
        listenUrl: url,
        schema,
        pooler: poolerUrl !== undefined,
        connections: 3,
        log: createSilentLog(),
        ...options,
      });
      stores.push(store);
      return store;
    },
  };
}
