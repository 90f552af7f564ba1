import { show } from "../shown.ts";
import { command, defence, type DefenceRow, open, row, session, wire } from "./row.ts";

const killed = defence(
  "kill-rounds",
  "a gateway that is killed under 20 SDK clients loses, doubles and reorders nothing, and serves all at once again",
);
const store = (title: string) => show("src/session/sqlite/sqlite-store.test.ts", title);

const idempotency = (title: string) => show("test/runs/idempotency.test.ts", title);

const disk = (title: string) => defence("disk", title);
const damaged = (title: string) => show("src/session/sqlite/damaged.test.ts", title);

export const storage: readonly DefenceRow[] = [
  row(
    "D01",
    "`kill -9` while many write",
    "every acknowledged turn is there once, in order",
    killed,
    show("src/session/sqlite/crash.test.ts", "has on disk every turn it acknowledged, once and in order (round %i)"),
  ),
  row(
    "D02",
    "the order of system calls",
    "a turn is acknowledged after its own flush",
    disk("has a turn before its client has the answer, in either mode"),
  ),
  open(
    "D03",
    "every state that a power cut could leave",
    "opens, with every acknowledged turn",
    "the order of flushes is shown above; the states themselves are not made",
  ),
  row(
    "D04",
    "the write-ahead log cut at many places",
    "starts with whole turns",
    damaged("a write-ahead log that is cut anywhere leaves whole turns, of each session the first ones"),
  ),
  row(
    "D05",
    "a database that is emptied, removed, cut in half or overwritten",
    "the start names the file, the reason and the way out",
    damaged("$what is refused, named, and left as it is, and the way out is told"),
    session(
      "damaged",
      "`gateway` and `doctor` name a database that has lost its sessions and the way out, and doctor damaged sessions",
    ),
  ),
  row(
    "D06",
    "a damaged page or message",
    "that session is refused, never told wrongly; the others are served",
    store("that are $what are never served; other sessions are"),
    damaged(
      "a database with one bit changed tells no wrong text: it is refused, or what is damaged is, or it is as it was",
    ),
    session(
      "damaged",
      "a session that is damaged is refused and never shown, while others are served, and can be begun anew",
    ),
  ),
  row(
    "D07",
    "a full disk",
    "503, nothing acknowledged is lost, and it recovers by itself",
    disk("is 503, also of readyz, loses nothing that was acknowledged, and is over when there is room again"),
  ),
  row(
    "D08",
    "a flush that fails",
    "not acknowledged; no more turns until a restart",
    show("src/session/sqlite/batch.test.ts", "throws when the disk did not flush: nothing after that can be trusted"),
    disk("that does not flush takes no more turns, and what was acknowledged is there after a restart"),
  ),
  row(
    "D09",
    "writes that fail in each way",
    "as with a full disk",
    disk("that refuses writes with %s for a while loses and doubles nothing that was acknowledged"),
  ),
  row(
    "D10",
    "a state folder that is not there, not writable, or is taken away",
    "a start that says so; 503 while it runs",
    store("that is %s while the store is open takes no more turns"),
  ),
  row(
    "D11",
    "a slow disk",
    "slow answers, and turns share their flushes",
    disk("that is slow makes answers slow and not the gateway, and turns share its flushes"),
  ),
  row(
    "D13",
    "a process that is killed within a turn",
    "its session answers at once after the restart",
    session("killed", "a session whose gateway was killed within a turn is free at once, and not a moment before"),
    killed,
  ),
  row(
    "D14",
    "a kill within a checkpoint or a rename",
    "the old or the new file",
    disk("that is left at write %i of a checkpoint has all that was acknowledged"),
    show("src/session/sqlite/crash.test.ts", "two processes that make and write the same file at once lose nothing"),
  ),
  row(
    "D16",
    "`Idempotency-Key`",
    "one run for one key, however often and from wherever it is sent",
    idempotency("is run once by two clients at once, and both have its answer"),
    idempotency("is a conflict for %s"),
    idempotency("a key is known to the next gateway, with the same bytes"),
  ),
  row(
    "D17",
    "an SDK that asks again because the answer was lost on its way",
    "one turn",
    session("repeated", "$loss (stream: $stream), gets it once more, and the session has one turn"),
    session("repeated", "an answer that was lost with its gateway is given by the next one"),
  ),
  row(
    "D18",
    "a call that a gateway reads late, as it stood still, when its client has gone and asked another",
    "is not begun",
    wire("stood-still", "is not run: $way, $end, on a connection that was $used before"),
    wire("stood-still", "is not run: %s"),
  ),
  row(
    "D21",
    "umask 000, 022 and 077, and files that others may read",
    "for the owner alone",
    session("restart", "what is kept is readable by its owner alone"),
    store("is for its owner only, and so are the directory and SQLite's companions"),
    store("that others could read is closed to them"),
    command("state-folder-modes", "is its owner's alone, with all that is in it, under umask %s"),
    command(
      "state-folder-modes",
      "that others could write is closed with a warning, and its cached code is not run but removed",
    ),
    command("state-folder", "takes no token from $what"),
  ),
  open(
    "D23",
    "random sequences of calls with crashes, against a small model",
    "equal",
    "restarts are among them and crashes are not: those have rounds of their own",
    session("commands", "sessions hold what a model of them holds, whatever their clients do, and after restarts"),
    killed,
  ),
  row(
    "D25",
    "a run's row in the database is changed: its answer, error, state, usage or form, or those of another in their place",
    "it is never told",
    show("src/session/sqlite/sqlite-runs.test.ts", "a run whose row is damaged is never told: $what"),
    show("src/session/postgres/postgres-store.test.ts", "a run whose row is damaged is never told: $what"),
  ),
  row(
    "D26",
    "an event of a run is changed, lost or moved in the database",
    "none of the run's is told",
    show("src/session/sqlite/sqlite-runs.test.ts", "events that are %s are never served"),
  ),
  row(
    "D27",
    "a run's row is changed, its state, usage or error, and runs are listed",
    "it is not told as it stands, and the others are listed",
    show(
      "src/session/sqlite/sqlite-runs.test.ts",
      "a run whose row is damaged is listed as damaged, beside the others: $what",
    ),
    show(
      "src/session/postgres/postgres-store.test.ts",
      "a run whose row is damaged is listed as damaged, beside the others: $what",
    ),
  ),
  row(
    "D24",
    "numbers appended during kills and full disks",
    "none lost, doubled, moved or invented",
    killed,
    disk("is 503, also of readyz, loses nothing that was acknowledged, and is over when there is room again"),
  ),
];
