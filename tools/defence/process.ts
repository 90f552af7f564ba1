import { show } from "../shown.ts";
import { defence, type DefenceRow, open, row, session, wire } from "./row.ts";

const waits = "waits for the WebSocket side; every handshake is refused";
const refused = wire("http-connection", "a WebSocket handshake is refused in words, and the port goes on serving");
const rows: readonly (readonly [id: string, done: string, outcome: string])[] = [
  ["W01", "no credential, another frame before `connect`", "401, or closed"],
  ["W02", "too many connections before they sign in", "refused; the others are served"],
  ["W03", "silence after the handshake", "closed in time"],
  ["W04", "frames larger than allowed", "closed with 1009"],
  ["W06", "empty continuations without end", "closed"],
  ["W07", "compression", "not agreed to"],
  ["W08", "broken frames of every kind", "closed with the right code"],
  ["W11", "a handshake on another path, method, with a body", "refused"],
  ["W13", "a handshake of 2,500 fields", "431"],
  ["W15", "a reader that stops", "closed with 1013"],
  ["W16", "frames that are no JSON, deep, of no method", "an error with their id"],
];

export const sockets: readonly DefenceRow[] = rows.map(([id, done, outcome]) =>
  open(id, done, outcome, waits, refused),
);

export const fuzzing: readonly DefenceRow[] = [
  row(
    "Z01",
    "mutations of requests on raw sockets, of bodies and of models' answers, led by the code that they reach",
    "well-formed answers, no defect, and the gateway lives",
    defence("fuzz", "no input at the door %s makes a defect"),
  ),
  row(
    "Z02",
    "bodies made from the contract, valid and nearly",
    "a status of the contract, never 500",
    wire("contract-bodies", "any JSON at all is refused with a status of the contract"),
  ),
  row(
    "Z03",
    "random sequences of calls and keys, against small models",
    "equal",
    session("commands", "sessions hold what a model of them holds, whatever their clients do, and after restarts"),
    show(
      "test/keys/namespaces.test.ts",
      "whatever two keys and the operator do in turn, nobody sees or changes what is another's",
    ),
  ),
  open("Z04", "mutated frames", "the gateway lives", "waits for the WebSocket side"),
  row(
    "Z05",
    "a model's events, cut at every place",
    "the same answer",
    show("src/model/openai/body-reader.test.ts", "gives the same events wherever the bytes are split: %s"),
  ),
  row(
    "Z07",
    "every regular expression of the source",
    "none that works longer than its text is long",
    show("test/structure/patterns.test.ts", "no regular expression works longer than its text is long"),
  ),
  row(
    "Z08",
    "what all objects share, after everything",
    "unchanged",
    show("test/traces.setup.ts", "prototypes"),
    wire("http-body", "keys that are names of JavaScript are unknown fields and change nothing"),
  ),
  row(
    "Z12",
    "inputs that ever failed",
    "are kept, and tried first",
    defence("fuzz", "no input at the door %s makes a defect"),
  ),
];

export const dependencies: readonly DefenceRow[] = [
  row(
    "Q01",
    "versions below which a fault is known",
    "are not locked",
    show("test/structure/packages.test.ts", "%s is %s or later"),
  ),
  open("Q02", "an old Node", "is refused with a sentence", "no test has a Node below 24.16 to start"),
  row(
    "Q03",
    "scripts of packages at installation",
    "there are none, and all versions are exact",
    show("test/structure/packages.test.ts", "no package that is installed runs a script, and every version is exact"),
  ),
];
