import { type Break, without } from "../break.ts";

const batch = "src/session/sqlite/batch.ts";
const database = "src/session/sqlite/database.ts";
const folder = "src/base/config/state-folder.ts";
const killed =
  "a gateway that is killed under 20 SDK clients loses, doubles and reorders nothing, and serves all at once again";

export const storage: readonly Break[] = [
  // A turn is told before it is written, a tenth of a second at most.
  without(
    ["D01", "D24", "X10"],
    batch,
    `  return (calls) => {
    try {
      begin(database, calls);
      const answers = calls.map(attempt);
      assertInPlace();
      database.exec("COMMIT");
      return answers;`,
    `  let written: NodeJS.Timeout | undefined;
  return (calls) => {
    try {
      if (!database.isTransaction) begin(database, calls);
      const answers = calls.map(attempt);
      assertInPlace();
      written ??= setTimeout(() => {
        written = undefined;
        database.exec("COMMIT");
      }, 100);
      return answers;`,
    { tests: [killed, "has on disk every turn it acknowledged, once and in order (round %i)"] },
  ),
  without(["D02", "E13"], batch, 'database.exec(accesses.has("durable") ?', "database.exec(false ?"),
  // A session is written before its messages.
  without(
    ["D04"],
    "src/session/sqlite/transcripts.ts",
    "for (const [index, { body, checksum }] of rows.entries()) {",
    'database.exec("COMMIT; BEGIN IMMEDIATE; SAVEPOINT operation");\n      for (const [index, { body, checksum }] of rows.entries()) {',
  ),
  without(["D05"], database, "if (loss !== undefined) throw", "if (false) throw"),
  without(
    ["D06"],
    "src/session/chain.ts",
    "rows: readonly ChainedRow[]): string | undefined {",
    "rows: readonly ChainedRow[]): string | undefined {\n  return undefined;",
  ),
  // What the disk did not take is acknowledged all the same.
  without(
    ["D07", "D09"],
    batch,
    "return calls.map(({ id }) => ({ id, ok: false, failure: toFailure(error) }));",
    "return calls.map(({ id }) => ({ id, ok: true, reply: undefined }));",
  ),
  // Whatever the disk refuses is the end of the store.
  without(["D07", "D24"], batch, "if (isFlushFailure(error)) throw error;", "throw error;"),
  without(["D08"], batch, "if (isFlushFailure(error)) throw error;", ""),
  without(["D10"], batch, "assertInPlace();", ""),
  without(["D11"], "src/session/sqlite/serve.ts", "batchCallsMax = 512", "batchCallsMax = 1"),
  without(
    ["D13"],
    "src/session/sqlite/holder.ts",
    "return id !== undefined && id !== own && isUnlocked(stem + id);",
    "return false;",
    {
      tests: ["a session whose gateway was killed within a turn is free at once, and not a moment before"],
    },
  ),
  without(["D14"], database, "timeout: busyMs,", "timeout: 0,", {
    tests: ["two processes that make and write the same file at once lose nothing"],
  }),
  // The log goes before what is in it stands elsewhere.
  without(
    ["D14"],
    "src/session/sqlite/serve.ts",
    "    database.close();\n",
    '    process.getBuiltinModule("node:fs").rmSync(`${options.path}-wal`, { force: true });\n    database.close();\n',
    {
      tests: ["that is left at write %i of a checkpoint has all that was acknowledged"],
    },
  ),
  without(["D16"], "src/session/sqlite/run-rows.ts", "if (met !== undefined) return met;", "", {
    also: [
      { file: "src/session/sqlite/run-rows.ts", from: '"INSERT INTO run_key', to: '"INSERT OR IGNORE INTO run_key' },
    ],
    tests: [
      "is run once by two clients at once, and both have its answer",
      "a key is known to the next gateway, with the same bytes",
    ],
  }),
  without(
    ["D16"],
    "src/session/sqlite/run-rows.ts",
    'const isEqual = row["request_hash"] === key?.requestHash;',
    "const isEqual = true;",
    {
      tests: ["is a conflict for %s"],
    },
  ),
  without(["D17"], "src/run/run.ts", "if (turn?.receipt !== undefined) {", "if (false) {"),
  without(["D18"], "src/edge/dispatch.ts", "if (parts.loop.hasStoodStill()) await untilEndIsSeen(signal);", "", {
    tests: ["is not run: $way, $end, on a connection that was $used before"],
  }),
  without(
    ["D18"],
    "src/run/run-log.ts",
    "if (key === undefined && !recording.hasBegun && this.#loop.hasStoodStill()) recording.abandon();",
    "",
    { tests: ["is not run: %s"] },
  ),
  without(["D21"], database, "  chmodSync(path, 0o600);", "  chmodSync(path, 0o644);"),
  without(["D21"], database, "makeFolder(dirname(path), { mode: 0o700 });", "makeFolder(dirname(path));"),
  without(["D21"], folder, "chmodSync(folder, 0o700);", ""),
  without(["D21"], folder, "if (stats.isSymbolicLink())", "if (false)"),
  without(["D21"], "bin/clawgate.mjs", "mkdirSync(folder, { mode: 0o700 });", "mkdirSync(folder);"),
  without(
    ["D25"],
    "src/session/run-checksum.ts",
    "findRunFault(row: CheckedRow): string | undefined {",
    'findRunFault(row: CheckedRow): string | undefined {\n  if (row.id !== "") return undefined;',
    { tests: ["a run whose row is damaged is never told: $what"] },
  ),
  // Whatever another run has answered will do.
  without(
    ["D25"],
    "src/session/run-checksum.ts",
    "return toChecksum(id, [state, usage, answer, error]);",
    'return toChecksum("", [state, usage, answer, error]);',
  ),
  without(["D27"], "src/session/run-checksum.ts", "row.entry_checksum !== toEntryChecksum(row.id, row)", "false"),
  // Of another run.
  without(
    ["D27"],
    "src/session/run-checksum.ts",
    "return toChecksum(id, [state, usage, error]);",
    'return toChecksum("", [state, usage, error]);',
  ),
  without(["D26"], "src/session/sqlite/run-views.ts", "crc32(body, seq) !== checksum", "false"),
  without(["D26"], "src/session/sqlite/run-views.ts", "seq !== after + events.length + 1 ||", ""),
  // What a client takes back stays.
  without(
    ["D23", "Z03"],
    "src/run/run.ts",
    "await commit(turn, { keep, append:",
    "await commit(turn, { keep: stored.length, append:",
    {
      tests: ["sessions hold what a model of them holds, whatever their clients do, and after restarts"],
    },
  ),
];
