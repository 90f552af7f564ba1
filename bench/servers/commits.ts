// The baseline of a durable turn: SQLite alone, one commit for each turn of two messages, as safe as the gateway's own.
// It prints how many it did in a second.
import { DatabaseSync } from "node:sqlite";

const [path = "", count = "1"] = process.argv.slice(2);
const database = new DatabaseSync(path);
database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
database.exec("CREATE TABLE message (session TEXT, place INTEGER, body TEXT, PRIMARY KEY (session, place)) STRICT");
const insert = database.prepare("INSERT INTO message VALUES (?, ?, ?)");
const started = performance.now();
for (let turn = 0; turn < Number(count); turn++) {
  database.exec("BEGIN IMMEDIATE");
  for (const half of [0, 1])
    insert.run(`session-${turn % 64}`, turn * 2 + half, JSON.stringify({ role: "user", content: "Go on." }));
  database.exec("COMMIT");
}
console.log(String((Number(count) / (performance.now() - started)) * 1000));
