import { show, type Shown } from "../shown.ts";
import { command, defence, type DefenceRow, open, row, session, wire } from "./row.ts";

const shared = (title: string): Shown => show("test/keys/shared-limits.test.ts", title);

export const load: readonly DefenceRow[] = [
  open("L01", "50 connections for 30 s", "no error, memory stays", "a measurement and no test: `npm run bench`"),
  open(
    "L02",
    "four times what it can do",
    "what it does is at least four fifths of its best; soon as before afterwards",
    "a measurement and no test: `npm run bench -- overload`",
  ),
  row(
    "L03",
    "ten calls of one session at once",
    "one runs, some wait, the rest is 429 `session_busy`",
    session("lane", "one call more than may wait is 429 session_busy at once (stream: %s)"),
  ),
  row(
    "L04",
    "more runs than there are slots and places to wait",
    "503 `overloaded` at once, nothing runs",
    wire("overload", "calls wait, one more than may wait is 503 and no run, and those that wait are answered"),
    wire("overload", "a call is refused before its body has come where no body could let it in"),
    defence(
      "overload",
      "where all slots and places are taken, the next call is refused in less than 50 ms and is no run",
    ),
  ),
  row(
    "L06",
    "one client sends a thousand calls, others one each",
    "sessions and keys take turns",
    wire("overload", "sessions take turns with a crowd that came before them"),
    wire("overload", "keys take turns, however many sessions one of them has"),
    wire("overload", "calls without a session take turns by the addresses that they come from"),
    wire("overload", "where the queue is full, the last of the crowd gives way to a session"),
    defence("overload", "nine who send one call each are not kept back by one who sends a thousand"),
  ),
  row(
    "L07",
    "a loop that stands still",
    "503 and not ready while it does, then soon well",
    wire("overload", "runs are refused and it is not ready, life is told, and it comes back by itself"),
  ),
  row(
    "L08",
    "60 uploads of 20 MB at once",
    "a bound on what is held; 503 beyond",
    wire("body-bytes", "a large body beyond what may be held is refused before it comes, and small ones are served"),
    defence("large", "sixty uploads of 19 MB at once: what is held is bounded, and the rest is told to come back"),
  ),
  open(
    "L09",
    "thousands of wrong tokens a second",
    "others are served as before",
    "how soon is a measurement and no test: `npm run bench -- overload`",
    wire("lockout", "a flood of wrong keys leaves a bounded number of lines, whose sum is all of them"),
  ),
  row(
    "L11",
    "the dearest body that is allowed, again and again",
    "the loop goes on",
    wire("stall", "no schema, tool, history or text holds the event loop for more than 50 ms"),
    defence("stall", "no body of %i bytes holds the event loop for more than %i ms"),
  ),
  row(
    "L15",
    "one key at several gateways that share a database, and that database goes away",
    "no more requests in a minute than the key may make in all; each gateway counts for itself meanwhile",
    shared("are counted by both, and whoever is refused is told when to come again"),
    shared("are no more than the limit, however many come at once and wherever, and no row is written for each"),
    shared("are counted by each for itself while there is no database"),
  ),
];

export const starts: readonly DefenceRow[] = [
  row(
    "X01",
    "SIGTERM with runs, streams and idle connections",
    "new calls are refused, runs finish, status 0",
    wire("drain", "a stream that runs when the gateway stops is finished, and stop waits for it"),
    wire("drain", "while it stops, new calls are told to come back, and health is still answered"),
    command("gateway", "on SIGTERM finishes a stream, then ends with status 0"),
  ),
  row(
    "X02",
    "its patience is over",
    "an error event, and the end",
    wire("drain", "a stream that hangs is cut after drainMs: an error is its last event, and stop resolves"),
  ),
  row(
    "X03",
    "told to end twice",
    "ends at once; nothing acknowledged is lost",
    command("gateway", "does not wait for what still runs when it is told to end again and again"),
  ),
  row(
    "X06",
    "a reload with a broken configuration",
    "the old one stays, one line says why",
    command("reload", "`reload` takes another token, and one that is broken changes nothing"),
    wire("reload", "that cannot be used changes nothing"),
    wire("reload", "is held against the address that the gateway has, and not against its own"),
  ),
  row(
    "X08",
    "defects that throw, reject, come late",
    "500 for that request, the others are served",
    wire("auth-secrets", "the client of a defect is told the request id that the log has, and nothing of the defect"),
  ),
  open(
    "X09",
    "`/readyz` while it drains, while the store is down, while the loop lags",
    "503; health goes on",
    "the store that is down is being written",
    wire("drain", "while it stops, new calls are told to come back, and health is still answered"),
    wire("overload", "runs are refused and it is not ready, life is told, and it comes back by itself"),
  ),
  row(
    "X11",
    "arguments and environments of child processes",
    "no secret of the gateway",
    show(
      "src/tool/mcp/tool-servers.test.ts",
      "has the environment of its configuration, and nothing secret of the gateway's",
    ),
  ),
  row(
    "X12",
    "flags of Node that weaken it",
    "warned of; the parser stays strict",
    command("gateway", "flags of Node that weaken the process are warned of, and the parser stays strict"),
  ),
  row(
    "X10",
    "restarts under load",
    "nothing acknowledged is lost, and the port is free at once",
    defence(
      "kill-rounds",
      "a gateway that is killed under 20 SDK clients loses, doubles and reorders nothing, and serves all at once again",
    ),
  ),
];

export const logs: readonly DefenceRow[] = [
  row(
    "Y01",
    "secrets, in everything that is asked",
    "in no line, answer or file",
    wire("auth-secrets", "no line of the log holds a credential or a message, not even that of a defect"),
    wire("auth-secrets", "no answer holds the token, nor the credential that was refused"),
    command(
      "canaries",
      "no secret is in an answer, the log, the audit, the metrics, a file or what commands print, at any level",
    ),
  ),
  row(
    "Y03",
    "sign-in failures, reloads, deletions, calls of tools, a flood of them",
    "a record each, without secrets, before the effect is seen; a flood is few",
    wire(
      "audit",
      "what somebody may have to account for is written before it is seen, and neither secrets nor words are",
    ),
    show("src/base/audit/tally.test.ts", "a flood of addresses is a few records, which count all of it"),
  ),
  row(
    "Y04",
    "a client's own request id",
    "used where it is well-formed, in answer, log and upstream",
    wire("request-traces", "a client's own request id is taken over where it is well-formed, and else replaced"),
    wire("request-traces", "the request id goes upstream to %s, and stands in the log of the run"),
  ),
  row(
    "Y05",
    "a message's text",
    "in no line of the log",
    wire("auth-secrets", "no line of the log holds a credential or a message, not even that of a defect"),
  ),
  row(
    "Y06",
    "secret files that are links, pipes, huge, open to others",
    "refused with the key, or warned of; links that Kubernetes makes are followed",
    show("src/base/config/references.test.ts", "refuses one that $what, with the name of its key"),
    show("src/base/config/references.test.ts", "warns of mode $mode"),
    show(
      "src/base/config/references.test.ts",
      "follows links, as Kubernetes makes them, and looks at what they lead to",
    ),
  ),
];
