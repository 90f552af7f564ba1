import { show, type Shown } from "../shown.ts";
import { command, type DefenceRow, row, socket, wire } from "./row.ts";

const same = wire("auth", "every malformed or wrong credential gets the same 401");
const secured = wire("auth", "every secured operation of the contract refuses without a token, and no other does");
const local = wire("auth", "who is on this machine, or beside somebody who was let in, needs a token all the same");
const lockout = (title: string): Shown => show("src/edge/lockout.test.ts", title);
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
    show("src/edge/authenticate.test.ts", "%j is refused"),
    exact,
    wire("auth", "the scheme may be written in any case, with several spaces"),
  ),
  row(
    "A05",
    "the token in the query, a cookie, another header, the body",
    "401, and in no log",
    wire("auth", "a token elsewhere than in the header is none, and stands in no log"),
    wire("auth-secrets", "no line of the log holds a credential or a message, not even that of a defect"),
  ),
  row(
    "A06",
    "tokens of 15,000 and 17,000 characters",
    "401; 431",
    same,
    wire("auth", "a key may be as long as a header, and no longer"),
  ),
  row(
    "A08",
    "a secret that is empty, blank, a placeholder or short",
    "no start; the key is named, the value not",
    usable,
    show("src/base/config/secret.test.ts", "%j is weak"),
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
  row("A10", "mode `none` off loopback", "no start", usable),
  row(
    "A11",
    "the token in mode `password`, the password in mode `token`",
    "401",
    command("gateway", "of mode password takes the password, and not a token"),
  ),
  row(
    "A12",
    "how secrets are compared",
    "by digest, in one place, in constant time",
    exact,
    show("test/structure/secrets.test.ts", "secrets are compared in one place, and in constant time"),
    show("test/structure/secrets.test.ts", "whatever was presented is compared before anything is told"),
  ),
  row(
    "A14",
    "a secret that is changed while the gateway runs",
    "the old one is refused from the next request on, and sockets that came with it are closed",
    wire("reload", "decides about the next request, also of a connection that was let in before"),
    command("reload", "`reload` takes another token, and one that is broken changes nothing"),
    command("reload", "the token that the first start made is read anew"),
    socket("life", "a change of the secret closes who came with the old one, and of nobody else"),
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
    wire("auth", "without a token no method of any path that is routed is answered, but for those that are open"),
    wire("auth", "under /v1 nothing is told apart without a token: no path, method or body"),
  ),
  row(
    "A18",
    "the same credential over HTTP and WebSocket",
    "the same is allowed",
    socket("doors", "what %s may do it may do over both doors, and nothing else"),
  ),
  row(
    "A19",
    "scopes that a caller gives itself",
    "no effect",
    show("test/keys/keys.test.ts", "scopes that a caller gives itself are none"),
    socket("handshake", "key %s that asks for %s is told that it has %s"),
  ),
  row(
    "A21",
    "a source of secrets that fails while it runs",
    "what was in force stays in force; nothing is asked for at a request",
    command("reload", "a secret whose file has gone stays what it was, for requests and for `reload`"),
  ),
  row("A22", "another client from the address of one that was let in", "401", local),
  row("A23", "loopback, in all its addresses, without a token", "401", local),
];

const eleventh = wire(
  "lockout",
  "by default the eleventh wrong key of a minute is 429, and a right one is let in all the same",
);
const counted = wire("lockout", "whatever else a guess carries, it counts, and for the address of its socket");

export const guessing: readonly DefenceRow[] = [
  row(
    "R01",
    "eleven wrong tokens from one address",
    "429 `auth_locked` with `retry-after`; other addresses are served, and so is a right token of full strength",
    eleventh,
    wire("lockout", "a password that could be guessed stays locked out until the lock ends"),
    socket("handshake", "wrong tokens lock an address for both doors, and a good one is let in all the same"),
  ),
  row("R02", "the same from loopback, with an `Origin`", "the same", counted),
  row("R04", "each guess with another forwarded address", "one count", counted),
  row("R05", "10,000 addresses of one IPv6 /64", "one count", lockout("is a whole /64 of IPv6")),
  row(
    "R06",
    "no token, a preflight, another scheme",
    "not counted; a wrong token is, whatever the method, since its 401 would tell it from a right one",
    wire("lockout", "what is no guess is not counted: no key, another scheme, a preflight, an open path"),
  ),
  row("R08", "a wrong token beside other credentials", "counted", counted),
  row("R09", "no limit configured", "there is one", eleventh),
  row(
    "R10",
    "50,000 addresses",
    "bounded memory, and a new one can still be locked",
    lockout("it stays small, and locks a new address also when it is full of locked ones"),
  ),
  row(
    "R11",
    "a clock that is set",
    "the lock is as long as it was",
    lockout("a wall clock that jumps changes nothing"),
    lockout("a lock ends when it was said to, whatever is tried meanwhile; then it counts anew"),
  ),
  row(
    "R12",
    "a key above its limit",
    "429 `rate_limit_exceeded` with `retry-after`",
    show(
      "test/keys/limits.test.ts",
      "each answer says how many requests are left, and one too many is 429 with the time to wait",
    ),
  ),
];
