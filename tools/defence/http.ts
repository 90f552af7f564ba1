import { show } from "../shown.ts";
import { defence, type DefenceRow, open, row, sdk, unbroken, wire } from "./row.ts";

const twoMeanings = wire("http-framing", "a request with two meanings is refused, and the connection ends");
const slowly = defence(
  "slow-clients",
  "hundreds that send a head, a body or nothing are told so in time, and the others are served",
);
const behind = wire("http-framing", "what follows a refused request on its connection is not acted on");
const odd = wire("http-framing", "what is odd but has one meaning is served");

export const framing: readonly DefenceRow[] = [
  row(
    "F01",
    "`Content-Length` beside `Transfer-Encoding`, in both orders",
    "400, closed, nothing runs",
    twoMeanings,
    behind,
  ),
  row("F02", "two lengths, equal or not", "400, closed", twoMeanings),
  row("F03", "a list of lengths, a sign, 30 digits, nothing", "400, closed", twoMeanings),
  row("F05", "codings twice, unknown, quoted, with odd white space", "400, closed", twoMeanings),
  row("F06", "a space before a colon, before a name", "400, closed", twoMeanings),
  row("F07", "a folded field", "400, closed", twoMeanings),
  row("F08", "bare line feeds as line ends, in heads and chunks", "400, closed", twoMeanings),
  row("F09", "bare CR, NUL and other control characters", "400, closed", twoMeanings),
  row("F11", "another version than HTTP/1.0 or 1.1 in the request line", "505 or 400, closed", twoMeanings),
  row("F12", "the preface of HTTP/2", "400, closed", twoMeanings),
  row(
    "F13",
    "HTTP/1.0",
    "served, closed behind it, no chunks",
    wire("http-framing", "an HTTP/1.0 client gets its answer and the end of the connection"),
  ),
  row("F15", "chunk sizes that are none", "400, closed", twoMeanings),
  row("F16", "a chunk longer or shorter than its size", "400, closed", twoMeanings),
  row(
    "F17",
    "a chunk extension of 20 KB; a million chunks, each with one; tiny chunks from hundreds of clients",
    "413, closed; a body like another, and no dearer; whoever comes is answered",
    twoMeanings,
    show("src/edge/pipelines.test.ts", "while many send bodies in tiny chunks, whoever comes is begun at once"),
    show("src/base/gathered.test.ts", "%s are few pieces, which hold little more than what came"),
    defence("large", "a body in a million chunks, each with an extension, is no dearer than what it holds"),
  ),
  row(
    "F18",
    "a token, a length, a session key in a trailer",
    "never used",
    wire("http-framing", "a trailer is never used as a header"),
  ),
  row("F19", "a field of 17 KB, a target of 8 KB", "431, 414", twoMeanings),
  row("F21", "101 fields", "431", twoMeanings),
  row(
    "F22",
    "fields named as what JavaScript objects inherit",
    "fields as others; no prototype changes",
    odd,
    show("test/traces.setup.ts", "prototypes"),
  ),
  row("F24", "`OPTIONS *`", "400 or 405", twoMeanings),
  row("F25", "`CONNECT`", "405, closed, no tunnel", twoMeanings),
  row("F26", "`TRACE` with a token", "405, which echoes nothing", twoMeanings),
  row("F27", "methods in lower case; empty lines before a request", "400; served", twoMeanings, odd),
  row(
    "F28",
    "TLS, SMTP, the preface of HTTP/2 and other languages",
    "400 or closed, and the gateway lives",
    twoMeanings,
  ),
  unbroken(
    "Node's parser takes a body off the connection by its length, whatever the method; no code of ours has a part in it",
    row(
      "F29",
      "a body where none belongs",
      "never taken for the next request",
      wire("http-framing", "a body where none belongs is not the next request"),
    ),
  ),
  row(
    "F31",
    "what only the parser sees",
    "400, 408, 413 and 431 are told apart, each with OpenAI's error",
    twoMeanings,
  ),
  row(
    "F34",
    "bytes behind a request that is the last by its own word, or of HTTP/1.0",
    "the request is answered, and nothing else",
    wire("http-connection", "a request that is the last by its own word is answered, whatever is behind it: %s"),
  ),
  row(
    "F35",
    "pipelines, on many connections, of chunks with trailers, tiny chunks, `Expect`, refused handshakes, HTTP/1.0",
    "each request is answered, or the connection closed; no turn of the loop is without end; others are served",
    show("src/edge/pace.test.ts", "a connection that is %s and due again has the next turn, not the same one"),
    defence("floods", "%s: each is answered"),
    defence("floods", "%s: many of them, whose answers nobody takes, stop nobody"),
  ),
  row(
    "F32",
    "`Expect: 100-continue` with a good and a wrong token, with too long a body; another expectation",
    "100 only where the body will be read; 417",
    wire("http-connection", "100 Continue is said when the body will be read"),
    wire("http-connection", "100 Continue is not said for what is refused by its head"),
    wire("http-connection", "another expectation is 417"),
  ),
];

export const routes: readonly DefenceRow[] = [
  row(
    "T01",
    "doubled, trailing, upper-case slashes and letters of the path",
    "404; never another path without its token",
    wire("http-models", "paths are compared as they are written"),
  ),
  row(
    "T03",
    "`%zz`, overlong bytes, NUL in the path",
    "400 or 404, no defect in the log",
    wire("http-models", "paths are compared as they are written"),
  ),
  row(
    "T04",
    "another method",
    "405 with `Allow`",
    wire("http-order", "another method on a path that exists is 405 with Allow"),
  ),
  row(
    "T05",
    "a method in a header or the query",
    "not read",
    wire("http-order", "another method on a path that exists is 405 with Allow"),
  ),
  row(
    "T07",
    "compressed bodies, one in another",
    "415, none is inflated",
    wire("http-body", "only application/json, plain, is read"),
  ),
  row(
    "T08",
    "the endpoint while it is off",
    "byte for byte as an unknown path",
    wire("disabled", "what is off answers every method and body exactly as an unknown path does"),
    wire("http-order", "a disabled endpoint answers as an unknown path does, with and without a token"),
  ),
  row(
    "T09",
    "an endpoint that is switched off and on under load",
    "each answer is 200 or 404, whole; runs under way finish",
    wire("reload", "switches an endpoint under load: each answer is of one of them, whole"),
    wire("reload", "lets runs finish with what they began with"),
  ),
];

export const connections: readonly DefenceRow[] = [
  row("C01", "hundreds of clients that send a head slowly", "408 in time, the others are served", slowly),
  row("C02", "hundreds that send a body slowly", "408 in time, nothing runs", slowly),
  row("C03", "connections that say nothing", "closed in time", slowly),
  row(
    "C05",
    "10,000 idle connections",
    "a call is answered as before",
    defence("slow-clients", "ten thousand idle connections cost little, and a call is answered as before"),
  ),
  row(
    "C06",
    "one connection more than allowed",
    "closed at once and counted; the others are served",
    wire("connections", "one more is closed, and those that are there are served"),
  ),
  row(
    "C07",
    "one address with more connections than allowed",
    "its next one is closed; other addresses are served",
    wire("connections", "one address more is closed, and other addresses are served"),
  ),
  row(
    "C08",
    "many requests on one connection, or on hundreds, and no answer taken",
    "few under way, hardly more parsed, whoever comes is answered, and the connection is cut in time",
    wire("pipelining", "has a bounded number of them under way"),
    show("src/edge/pipelines.test.ts", "of a client that sends all it can no more is parsed than begins, and the next"),
    show("src/edge/pipelines.test.ts", "while many send all they can, whoever comes is begun at once"),
    defence("pipelines", "asking for %s and taking no answer stops nobody"),
    wire("slow-readers", "a client that takes nothing is cut, be it a whole answer, a stream, pages or refusals"),
  ),
  open(
    "C09",
    "the limits of the running server",
    "those that are documented",
    "that they act in time is shown above; nothing reads them from a running server",
  ),
  row(
    "C10",
    "a request byte by byte",
    "understood",
    wire("http-connection", "a request that comes byte by byte is understood"),
    wire("http-body", "a chunked body in pieces of one byte is whole again"),
  ),
  row(
    "C11",
    "a client that has said all and ends its half",
    "gets its answer, unless a run would take longer than a client that leaves may keep one",
    wire("http-connection", "gets every answer that is no run, and then the end"),
    wire("http-connection", "gets what its run says at once, kept in a session or not"),
    wire("http-connection", "gets all of an answer that is there, however slowly it reads"),
  ),
  row(
    "C12",
    "a connection reset at any moment",
    "its run ends, nothing else",
    wire("stream-leave", "a client that resets the connection ends its run too"),
    defence("slow-clients", "connections that are reset at any point leave nothing behind"),
    wire("stream-leave", "fifty clients that leave at any moment leave nothing behind"),
    sdk("abort", "a client that leaves before its answer is logged and measured as cancelled, not as not found"),
  ),
  row(
    "C13",
    "a body above the limit",
    "the client reads its 413",
    wire("http-body", "a body above the limit is 413, and the client that is still writing reads it"),
    show("src/edge/leftovers.test.ts", "what comes without end after the answer is read up to a limit"),
    show("src/edge/leftovers.test.ts", "what does not come is waited for up to a limit"),
    defence("large", "a stranger's endless body is read for two seconds or 64 MB, and no longer"),
  ),
  open(
    "C14",
    "more connections than the process may have files",
    "it lives, and recovers",
    "tried by hand with 128 files; no test lowers the limit of its own process",
  ),
];
