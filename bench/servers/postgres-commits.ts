// The baseline of a durable turn in PostgreSQL: the rows of a turn, in the gateway's own tables, in one commit, over as many
// connections as a gateway has. It prints how many it did in a second.
import pg from "pg";
import { createSilentLog } from "../../src/base/log.ts";
import { createPostgresStore } from "../../src/session/postgres/postgres-store.ts";

const [url = "", schema = "", count = "1"] = process.argv.slice(2);
const sessions = 64;
const connections = 10;

await (await createPostgresStore({ url, schema, pooler: false, connections: 2, log: createSilentLog() })).close();
const pool = new pg.Pool({ connectionString: url, max: connections });
await pool.query(
  `INSERT INTO ${schema}.session (key_hash, key, checksum, created_at, updated_at)
  SELECT int4send(n), n::text, 0, 0, 0 FROM generate_series(1, $1::integer) AS n`,
  [sessions],
);

const text = `
  WITH session AS (
    UPDATE ${schema}.session SET revision = revision + 1, length = length + 2, last_sequence = $2, checksum = $3,
      updated_at = $4 WHERE id = $1 RETURNING id
  ), receipt AS (
    INSERT INTO ${schema}.receipt (session_id, digest, answer, checksum, created_at) VALUES ($1, $2::text, $5, $3, $4)
  )
  INSERT INTO ${schema}.message (session_id, sequence, turn, body, checksum, created_at)
  SELECT id, $2::bigint + place, $2, $5, $3, $4 FROM session, (VALUES (0), (1)) AS message (place)`;
const body = JSON.stringify({ role: "user", content: "Go on." });

let left = Number(count);
async function write(session: number): Promise<void> {
  for (let sequence = 1; left-- > 0; sequence += 2)
    await pool.query({ name: "turn", text, values: [session, sequence, 7, Date.now(), body] });
}

const started = performance.now();
await Promise.all(Array.from({ length: sessions }, (_, index) => write(index + 1)));
console.log(String((Number(count) / (performance.now() - started)) * 1000));
await pool.end();
