import { show } from "../shown.ts";
import { defence, type DefenceRow, row, upstream, wire } from "./row.ts";

const json = wire("http-body", "a body is read as JSON in UTF-8, within its bounds");
const names = wire("http-body", "keys that are names of JavaScript are unknown fields and change nothing");
const types = wire("contract-fields", "a value of the wrong JSON type is refused by the field's name");
const fields = wire("contract-requests", "%s is read, or refused by its code and its name");

export const bodies: readonly DefenceRow[] = [
  row(
    "J01",
    "the 318 texts by which parsers of JSON are compared",
    "those that are none are 400 `invalid_json`, the others are read; what the standard leaves open is settled",
    wire("json-suite", "what is no JSON is refused as that"),
    wire("json-suite", "what is JSON is read, wherever it stands"),
    wire("json-suite", "what the standard leaves open is settled"),
  ),
  row("J04", "nothing, `null`, `[]`, two values, a comment", "400", json),
  row(
    "J05",
    "arrays and objects in each other, 65 to 1,000,000 deep",
    "400 `too_deep` before it is parsed",
    json,
    show("src/edge/body.test.ts", "the depth that it sees is the depth that JSON.parse makes"),
  ),
  row("J06", "20 MB of `[{},{},…]`", "400 `too_many_values` before it is parsed", json),
  row("J07", "more distinct keys than a body may have values", "400 `too_many_values`", json),
  row("J08", "`__proto__`, `constructor`, `prototype` at every depth", "unknown fields; no prototype changes", names),
  row(
    "J10",
    "bytes that are no UTF-8, halves of characters, UTF-16",
    "400 `invalid_utf8`; nothing is replaced in silence",
    json,
  ),
  row(
    "J12",
    "control characters, marks and directions in a text",
    "kept as they are, in answers and sessions",
    wire("stream-text", "a text comes through as it is, whole and streamed"),
    show("src/session/store.suite.ts", "texts come back exactly, from a store that has never seen them"),
  ),
  row("J13", "numbers out of range, infinite, as text", "400 with `param`", fields),
  row(
    "J14",
    "each field with each wrong type",
    "400 with `param`",
    types,
    wire("contract-bodies", "any JSON at all is refused with a status of the contract"),
  ),
  row(
    "J15",
    "messages that are missing, empty, too many, of no role",
    "400 with the place",
    wire("contract-messages", "%s is read, or refused by its code and its place"),
  ),
  row("J16", "`stream` as text, number, list", "400", types),
  row(
    "J17",
    "`api_base`, `api_key`, `extra_headers` in a body",
    "no effect on the call upstream",
    upstream("foreign-fields", "$api is called where and as it is configured, whatever the body says of it"),
    wire("contract-requests", "what has no effect is named in a header, in a form that cannot break it"),
  ),
  row(
    "J18",
    "patterns and schemas that are dear to work through",
    "the loop never stands still for 50 ms",
    wire("stall", "no schema, tool, history or text holds the event loop for more than 50 ms"),
    wire("stall", "a tool server with thousands of tools delays no call"),
    show(
      "test/defence/stall.defence.ts",
      "no schema, tools or history of a megabyte holds the event loop for more than 50 ms",
    ),
    show(
      "test/defence/stall.defence.ts",
      "no list of a tool server, of a megabyte, makes a call hold the event loop for more than 50 ms",
    ),
    show("src/model/embedded/instance.test.ts", "is not kept busy by a hostile schema: %s"),
    show(
      "src/run/json-fit.test.ts",
      "whose pattern takes for ever is stopped beside the event loop, and others get their answers",
    ),
  ),
  row(
    "J25",
    "dear schemas, ten times and small ones eighty times at once",
    "whoever asks for less is answered in between, within 250 ms of work",
    show(
      "src/base/loop-time.test.ts",
      "of many that begin at once a few do in each turn, in the order in which they came",
    ),
    defence("schemas", "%s at once, again and again, stop nobody"),
  ),
  row("J19", "texts longer than the contract allows", "400 with `param`", fields),
  row(
    "J21",
    "a client that leaves within its body",
    "nothing runs; one line",
    wire("http-connection", "a client that leaves within its request leaves no trace but a line"),
  ),
  row(
    "J24",
    "how the checks are made",
    "at build time, strict, without `$data`, stopping at the first fault",
    show(
      "openapi/guards.test.ts",
      "a check stops at the first finding, says what was expected there, and keeps nothing",
    ),
  ),
];

const image = (title: string) => show("src/outbound/image-fetch.test.ts", title);

export const fetches: readonly DefenceRow[] = [
  row(
    "S01",
    "an image by its address, as shipped",
    "400; no name is looked up, nothing connected",
    wire("media", "an image that is elsewhere is refused by default, and nobody is asked for it"),
  ),
  row(
    "S02",
    "every range that is not the public network",
    "refused, never connected",
    image("as a literal"),
    show("src/outbound/address.test.ts", "is %s"),
  ),
  row("S03", "spellings that a URL parser turns into loopback", "refused", image("in one of its disguises")),
  row(
    "S05",
    "a name that changes its address after the check",
    "the checked address is called, or none",
    image("when a name changes its address after the check"),
  ),
  row(
    "S06",
    "redirects to private addresses, in circles, four in a row",
    "each hop is checked; three at most",
    image("is followed three times, each with a check of its own"),
    image("in a circle comes to an end"),
    image("to where nobody could have sent us by the first address is refused"),
  ),
  row("S07", "other schemes", "400", image("nothing but http and https is fetched")),
  row(
    "S09",
    "a body without end, or one byte too long",
    "cut while it comes",
    image("is cut at its limit, with or without a length"),
  ),
  row(
    "S10",
    "a compressed image, 500 codings",
    "refused",
    image("is refused when it is encoded, and nobody asked for that"),
  ),
  row(
    "S11",
    "a server that drips, hangs, closes",
    "given up in time",
    image("a filtered port is given up when the time is over"),
    show("src/run/media/media-gate.test.ts", "a connection that hangs is closed when the time is over"),
  ),
  row(
    "S12",
    "what is no image",
    "400; none of its bytes is told",
    image("the client learns the same, at the same time"),
  ),
  row(
    "S13",
    "data URLs that are none, too large, too many",
    "400, without a copy",
    wire("media", "twenty MiB are the most that its images have together, decoded"),
    wire("media", "eight images are the most that a request has, its history included"),
    show("src/run/media/media-limits.test.ts", "is checked without a copy of it"),
  ),
  row(
    "S15",
    "what a fetch tells about the gateway",
    "who asks and what for",
    image("a request says who asks and what for, and nothing else"),
  ),
  row("S16", "proxies of the environment", "not used", image("proxies of the environment are not used")),
  row(
    "S18",
    "hosts that look like an allowed one",
    "refused",
    image("an allowed host is that host, and no other that looks like it"),
  ),
  row(
    "S19",
    "another way out of the process",
    "there is none: each is known by its file",
    show("test/structure/outgoing.test.ts", "leaves by a file that is known for it"),
  ),
];
