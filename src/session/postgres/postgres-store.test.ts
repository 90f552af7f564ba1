import { describe } from "vitest";
import { createSilentLog } from "../../base/log.ts";
import { createTestSchema, programs } from "../../../test/postgres.fixture.ts";
import { defineStoreContract } from "../store.suite.ts";
import { createPostgresStore } from "./postgres-store.ts";

describe.skipIf(programs === undefined)("with a server", () => {
  defineStoreContract("the PostgreSQL store", async () => {
    const { url, schema, remove } = await createTestSchema();
    const connect = () => createPostgresStore({ url, schema, pooler: false, connections: 4, log: createSilentLog() });
    return { connect, remove };
  });
});
