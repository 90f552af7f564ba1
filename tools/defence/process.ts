import { show } from "../shown.ts";
import { defence, type DefenceRow, open, row, session, socket, unbroken, wire } from "./row.ts";

export const sockets: readonly DefenceRow[] = [
  row(
    "W01",
    "no credential, another frame before `connect`",
    "closed with 1008; nothing works before",
    socket("limits", "nothing works before connect: another method, a frame that is none, bytes"),
    socket("handshake", "the token is taken as a password too, and no other place has one"),
    socket("handshake", "a wrong token is refused with the protocol's code and counted like any other"),
  ),
  row(
    "W02",
    "too many connections before they sign in",
    "refused with 503; the others are served",
    socket("limits", "so many strangers there may be of one address; those who have signed in are not among them"),
  ),
  row(
    "W03",
    "silence after the handshake",
    "closed in time, and nobody who was in time while the process was late",
    socket("limits", "a client that says nothing is closed in time, and its place is free again"),
    socket("limits", "a process that was late does not close a client that was in time"),
  ),
  row(
    "W04",
    "frames larger than allowed, before and after `connect`, whole or in pieces",
    "closed with 1009",
    socket("limits", "a stranger may send 64 KiB, in one frame or in many"),
    socket("limits", "a frame that is longer than is said is closed with 1009, and a shorter one is read"),
    socket("limits", "frames that are not whole yet have no more room together than bodies have"),
  ),
  row(
    "W06",
    "empty continuations without end",
    "closed",
    socket("limits", "continuations without end, empty or not, are closed"),
  ),
  row(
    "W07",
    "compression",
    "not agreed to; closed with 1002",
    socket("limits", "compression is not agreed to, and what comes compressed all the same is closed with 1002"),
  ),
  row(
    "W08",
    "broken frames of every kind",
    "closed with the right code, and the gateway lives",
    socket("limits", "%s is closed with its code, and the gateway lives"),
  ),
  row(
    "W11",
    "a handshake on another path, method, with a body",
    "refused as HTTP; no connection",
    socket("limits", "a handshake %s is refused as HTTP, and makes no connection"),
    socket("limits", "a handshake behind a request that is still being answered is refused, and the answer is whole"),
  ),
  row(
    "W12",
    "a handshake without a key, with a short one, of another version",
    "400; 426 with the version that is spoken",
    socket("limits", "a handshake %s is refused as HTTP, and makes no connection"),
  ),
  row(
    "W13",
    "a handshake of 2,500 fields",
    "431",
    socket("limits", "a handshake %s is refused as HTTP, and makes no connection"),
  ),
  unbroken(
    "what answers pings is ws, and no line of ours makes a small request dear",
    row(
      "W14",
      "a hundred thousand pings, and as many small requests",
      "all are answered, and no call waits for them",
      defence("sockets", "a hundred thousand pings and as many small requests hold up nobody, and none is lost"),
    ),
  ),
  row(
    "W15",
    "a reader that stops, a client that pings and reads no pong",
    "closed with 1013, or cut; runs go on, and the other readers miss nothing",
    socket("limits", "a reader that stops is closed with 1013 and its run goes on; the others miss nothing"),
    socket("limits", "a client that pings without reading the pongs is cut"),
    socket("limits", "readers that stop give way together, before each of them holds what it may"),
  ),
  row(
    "W16",
    "frames that are no JSON, deep, of no method",
    "an error with their id; closed when there are ten",
    socket("limits", "frames that are no requests are answered, and closed when there are ten"),
    socket("limits", "%s is refused under its id, and the connection lives"),
    socket("limits", "an id is given back as it came, twice too, and one that is too long is none"),
  ),
  row(
    "W17",
    "a peer that vanishes",
    "cut when it has answered no ping for two and a half ticks",
    socket("limits", "ticks come more often than is said, and a peer that answers no ping is cut"),
  ),
  unbroken(
    "no line by itself keeps a connection small",
    row(
      "W18",
      "2,000 connections that have signed in and do nothing",
      "80 MB at most, and calls as before",
      defence("sockets", "two thousand connections that do nothing cost little, and no call its time"),
    ),
  ),
];

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
  row(
    "Z04",
    "mutations of frames, of a client that has signed in, led by the code that they reach",
    "a frame for each or a close, no defect, and the gateway lives",
    defence("fuzz", "no input at the door %s makes a defect"),
  ),
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
  unbroken(
    "it is the fuzzer's own doing, and no code of the gateway's",
    row(
      "Z12",
      "inputs that ever failed",
      "are kept, and tried first",
      defence("fuzz", "no input at the door %s makes a defect"),
    ),
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
