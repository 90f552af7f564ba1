import { show } from "../shown.ts";
import { command, type DefenceRow, open, row, wire } from "./row.ts";

const later = "the test is being written";
const same = wire("auth", "every malformed or wrong credential gets the same 401");
const secured = wire("auth", "every secured operation of the contract refuses without a token, and no other does");
const exact = show("src/edge/authenticate.test.ts", "nothing but the secret is let in");
const usable = show("src/base/config/check.test.ts", "$name is refused");

export const authentication: readonly DefenceRow[] = [
  row("A01", "no credential", "401 with `WWW-Authenticate: Bearer`; nothing runs", same),
  row("A02", "a wrong token of the right length", "the same bytes but the request id", same),
  row(
    "A03",
    "other schemes, quotes, commas, tabs, look-alikes; the scheme in any case",
    "401; let in",
    same,
    exact,
    wire("auth", "the scheme may be written in any case, with several spaces"),
  ),
  row(
    "A05",
    "the token in the query, a cookie, another header, the body",
    "401, and in no log",
    wire("auth", "a token elsewhere than in the header is none"),
    wire("auth-secrets", "no line of the log holds a credential or a message, not even that of a defect"),
  ),
  row(
    "A06",
    "tokens of 15,000 and 17,000 characters",
    "401; 431",
    same,
    wire("http-framing", "a request with two meanings is refused, and the connection ends"),
  ),
  row(
    "A08",
    "a secret that is empty, blank, a placeholder or short",
    "no start; the key is named, the value not",
    usable,
    show("src/base/config/check.test.ts", "no refusal shows the secret"),
    command("references", "a key that is only found in the environment is held to the same"),
  ),
  row(
    "A09",
    "no token anywhere; a configuration that cannot be read",
    "one is made; no start. Never open to everybody",
    command("token", "the first start makes a token that its owner alone can read, and does not show it"),
    show("src/base/config/load.test.ts", "$name is refused in one sentence that says where"),
  ),
  row(
    "A10",
    "mode `none` off loopback",
    "no start",
    show("src/base/config/load.test.ts", "$name is refused in one sentence that says where"),
  ),
  row(
    "A11",
    "the token in mode `password`, the password in mode `token`",
    "401",
    command("gateway", "of mode password takes the password, and not a token"),
  ),
  open("A12", "how secrets are compared", "by digest, in one place, in constant time", later, exact),
  row(
    "A14",
    "a secret that is changed while the gateway runs",
    "the old one is refused from the next request on",
    wire("reload", "decides about the next request, also of a connection that was let in before"),
    command("reload", "`reload` takes another token, and one that is broken changes nothing"),
    command("reload", "the token that the first start made is read anew"),
  ),
  row(
    "A15",
    "a wrong token before 20 MB",
    "401 before the body is read",
    wire("auth", "a wrong token is refused before anything of a body of 1 MB has come"),
    wire("http-order", "a body is not read before the token is accepted"),
  ),
  row(
    "A17",
    "every method and path without a token",
    "401 or 404, but for what the contract says is open",
    secured,
    wire("auth", "under /v1 nothing is told apart without a token: no path, method or body"),
  ),
  open("A18", "the same credential over HTTP and WebSocket", "the same is allowed", "waits for the WebSocket side"),
  row("A19", "scopes that a caller gives itself", "no effect", secured),
  open("A21", "a source of secrets that fails while it runs", "503 or 401, never 200", later),
  row("A22", "another client from the address of one that was let in", "401", same),
  row("A23", "loopback, in all its addresses, without a token", "401", secured),
];

export const guessing: readonly DefenceRow[] = [
  open(
    "R01",
    "eleven wrong tokens from one address",
    "429 `auth_locked` with `retry-after`; other addresses are served",
    later,
  ),
  open("R02", "the same from loopback, with an `Origin`", "the same", later),
  open("R04", "each guess with another forwarded address", "one count", later),
  open("R05", "10,000 addresses of one IPv6 /64", "one count", later),
  open("R06", "no token, another method", "not counted", later),
  open("R08", "a wrong token beside other credentials", "counted", later),
  open("R09", "no limit configured", "there is one", later),
  open("R10", "50,000 addresses", "bounded memory, and a new one can still be locked", later),
  open("R11", "a clock that is set", "the lock is as long as it was", later),
  open("R12", "a key above its limit", "429 `rate_limit_exceeded` with `retry-after`", later),
];
