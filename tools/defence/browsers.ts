import { show, type Shown } from "../shown.ts";
import { type DefenceRow, row, wire, socket } from "./row.ts";

const host = wire("http-origin", "the host must be an address, localhost or a name of the configuration");
const foreign = wire(
  "http-origin",
  "a page of a foreign origin is kept out, whoever sends it and whatever it asks for",
);

export const browsers: readonly DefenceRow[] = [
  row(
    "O01",
    "a foreign `Host` with a right token",
    "403 before the token is looked at",
    host,
    wire("http-origin", "host and origin are checked before the token, on open paths too"),
  ),
  row("O02", "hosts that are malformed, or look like loopback", "400; 403", host),
  row("O03", "loopback in other spellings", "served", host),
  row("O04", "foreign origins, `null`, look-alikes", "403", foreign),
  row(
    "O05",
    "a preflight of a foreign and of an allowed origin",
    "nothing allowed; exactly that origin, never `*`",
    wire("cors", "a preflight of an allowed origin is answered without a token, with the headers it asked for"),
    wire("cors", "another origin is refused, and learns nothing"),
    wire("http-origin", "no answer opens the gateway to other origins"),
  ),
  row(
    "O06",
    "what a page may send without asking: text, forms",
    "415",
    wire("http-body", "only application/json, plain, is read"),
  ),
  row(
    "O07",
    "a browser that says it comes from another site",
    "403, but for a link to what is open",
    wire(
      "http-origin",
      "what a page of another site asks for without an origin is refused, and a link to what is open is not",
    ),
  ),
  row(
    "O08",
    "a WebSocket from a foreign origin, with and without the token",
    "403, no connection",
    socket("limits", "a handshake %s is refused as HTTP, and makes no connection"),
  ),
  row("O09", "a foreign origin from loopback", "the same 403", foreign),
  row(
    "O11",
    "reading, again and again",
    "changes nothing",
    wire("http-origin", "what is only read changes nothing, however often"),
  ),
  row(
    "O12",
    "the headers of every answer",
    "nothing for a browser to keep, frame, guess or run",
    wire("http-origin", "every answer carries the headers that keep a browser from using it"),
    wire("docs", "no script runs in the page of the contract that it did not bring along"),
    wire("page", "the page and its files are open, run nothing but themselves, and are not kept"),
  ),
  row(
    "O13",
    "markup in names, users and paths",
    "JSON, never HTML",
    wire("http-origin", "what a page could make of an answer's own words is never HTML"),
  ),
];

const forwarded = (title: string): Shown => show("src/edge/forwarded.test.ts", title);
const user = (title: string): Shown => wire("proxy-user", title);

export const proxies: readonly DefenceRow[] = [
  row(
    "P01",
    "forwarded addresses where no proxy is trusted",
    "the socket's address counts",
    wire(
      "request-traces",
      "each line of a request has the client's address, and of a header nobody vouches for it has nothing",
    ),
    forwarded("without proxies nothing is believed, not even of loopback"),
  ),
  row(
    "P02",
    "forwarded addresses from a trusted proxy",
    "the rightmost that is not trusted",
    wire(
      "request-traces",
      "of a trusted proxy the rightmost address counts that is none of its kind, over several headers too",
    ),
    forwarded("the proxy's own entry on its right counts, in both headers"),
  ),
  row(
    "P03",
    "forwarded addresses that are none, in kilobytes",
    "the socket's address, in no time",
    forwarded("$peer $plain $forwarded is from $want"),
    forwarded("it takes no time, however long it is"),
  ),
  row(
    "P04",
    "an identity header from somebody who is no proxy, twice, or empty",
    "401; 400; 401",
    user("anybody else is 401, however often"),
    user("two names are 400"),
    user("a proxy on this machine is believed only where the configuration says so"),
  ),
  row(
    "P06",
    "underscores for dashes in the names of headers",
    "ignored",
    wire("http-origin", "a header that is spelled with underscores is not the one with dashes"),
  ),
];
