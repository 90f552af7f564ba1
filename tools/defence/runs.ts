import { show } from "../shown.ts";
import { defence, type DefenceRow, open, row, sdk, session, upstream, wire } from "./row.ts";

export const sessions: readonly DefenceRow[] = [
  row(
    "G01",
    "keys, users and agents that are paths, `..`, NUL, 4 KB",
    "400, or a key as any other: nothing outside the state folder",
    session("sessions", "a key that is reserved, malformed or contradicted is refused, and makes no session"),
    show("src/session/catalogue.suite.ts", "gives any key back as it is"),
  ),
  row(
    "G02",
    "a name of no agent",
    "404 `model_not_found`, never the default",
    wire("agents", "a name of no agent is 404 model_not_found, whole and streamed, with the param that was used"),
  ),
  row("G03", "a session of one agent, named to another", "never seen", session("sessions", "$name: $shared")),
  row(
    "G05",
    "a key twice, empty, with `user`",
    "400; none; the key wins",
    session("sessions", "a key that is reserved, malformed or contradicted is refused, and makes no session"),
    session("clients", "that is there twice is refused: which one counts is not for the gateway to say"),
  ),
  row(
    "G08",
    "1,000 calls without a user",
    "1,000 sessions of one call, none kept",
    session("sessions", "knows nothing of the one before, and has a key of its own"),
    session("sessions", "leaves nothing in the store, whole or streamed, well or badly ended"),
  ),
  row(
    "G09",
    "calls to one session at once",
    "one after the other, each sees the earlier ones",
    session("lane", "five calls at once on a new user are all answered, and each sees the earlier ones whole"),
    session("lane", "calls that wait for their session run in the order of arrival"),
  ),
  row(
    "G10",
    "200 sessions at once, some left",
    "none sees another's word",
    show("src/session/store.suite.ts", "200 sessions commit at once, 3 turns each, and none sees another's"),
    session("lane", "another session, another agent and stateless calls do not wait"),
  ),
  row(
    "G14",
    "one key asks for another key's session",
    "as if there were none, byte for byte",
    show(
      "test/keys/namespaces.test.ts",
      "another's session answers as one that does not exist, with the same bytes, and stays as it is",
    ),
  ),
];

export const streams: readonly DefenceRow[] = [
  row(
    "E01",
    "a stream, read strictly",
    "headers, one `data:` line for each event, `[DONE]`, a usable connection",
    wire("stream", "a stream says how it shall be handled, and is not compressed"),
    wire("stream-pace", "the body ends with [DONE], or with the error, and the connection is free"),
  ),
  row(
    "E02",
    "a client that never reads",
    "the model is held, then the client is cut",
    wire("stream-slow", "a reader that stops stops the model, and the others are served as before"),
    wire("slow-readers", "a client that takes nothing is cut, be it a whole answer, a stream, pages or refusals"),
  ),
  row(
    "E03",
    "many that never read",
    "the others are served as before",
    wire("stream-slow", "twenty readers that stop do not stop the others"),
    defence("large", "two hundred that read no stream leave the others theirs"),
  ),
  row(
    "E04",
    "a client that leaves while it waits, before a word, within a word",
    "never runs; its run ends",
    wire("stream-leave", "a client that waits for its session and leaves never runs"),
    wire("overload", "a client that leaves while it waits never has a run"),
    wire("stream-leave", "a client that leaves %s ends its run"),
  ),
  row(
    "E05",
    "a model that fails before its first word",
    "a real status",
    wire("stream-pace", "a failure soon after the model has accepted is a real status, a later one an event"),
  ),
  row(
    "E06",
    "a model that fails within its answer",
    "an error event, no `[DONE]`",
    wire("stream", "a stream that breaks ends with an error event, without a finish reason and without [DONE]"),
  ),
  row(
    "E07",
    "a defect in each part of the writer",
    "one error event",
    show("src/edge/sse.test.ts", "a failure is the last event"),
    show(
      "src/edge/sse.test.ts",
      "an event that breaks the contract is not written; the failure is, and the source is told",
    ),
    sdk("broken", "a defect in mid-stream throws and tells nothing of it"),
  ),
  row(
    "E13",
    "the order of system calls",
    "a turn is on disk before its end is told",
    defence("disk", "has a turn before its client has the answer, in either mode"),
  ),
  open(
    "E14",
    "500 streams for a minute",
    "no event is lost, doubled or out of order",
    "shown for one stream, not for 500",
    wire("stream-text", "ten thousand deltas come in order"),
  ),
  row(
    "E17",
    "the official SDK in each of these",
    "throws where the answer failed, and only there",
    sdk("broken", "the stream helper rejects when the stream breaks"),
    sdk("broken", "a cut answer that is not streamed is an InternalServerError and no short answer"),
  ),
];

const harmless = upstream("broken", "$name has failed, whole and streamed, and the next turn is answered");

export const upstreams: readonly DefenceRow[] = [
  row(
    "U01",
    "accepts and says nothing",
    "504 in time; the connection is closed",
    show("src/base/deadline.test.ts", "ends a call that has no first byte"),
    upstream("connect", "because it never shakes hands is 502 at the limit"),
  ),
  row(
    "U02",
    "stops within its answer",
    "an error event in time",
    show("src/base/deadline.test.ts", "ends a call that falls silent after its first byte"),
    upstream("provider-failures", "gives up on a model that %s, and closes the connection"),
  ),
  row(
    "U03",
    "drips for ever",
    "cut at the limit of the whole call",
    show("src/base/deadline.test.ts", "ends a call that drips for ever"),
  ),
  row(
    "U04",
    "resets, ends early, lies about its length",
    "502 or an error event, never a short success",
    harmless,
    show("src/outbound/send.test.ts", "closes the connection, gives no more and rejects when %s"),
    sdk("broken", "$given throws an APIError once its words are out"),
  ),
  row(
    "U05",
    "ends without saying why",
    "an error; nothing is kept",
    harmless,
    sdk("broken", "a cut answer that is not streamed is an InternalServerError and no short answer"),
    session("failures", "by $text stores nothing and leaves the session usable"),
  ),
  row(
    "U07",
    "1 GB, a line of 100 MB, a million headers",
    "cut at a limit",
    upstream("provider-failures", "does not read an answer without end"),
    upstream("bodies", "an answer that is larger than an answer may be is none, also in one event"),
  ),
  row(
    "U08",
    "a compressed answer",
    "refused",
    upstream(
      "provider-failures",
      "refuses an answer that is compressed: it did not ask for one, and it could be a bomb",
    ),
  ),
  row(
    "U09",
    "each status",
    "the contract's own; nothing of its body is told",
    upstream("status", "$status $body is $code for the client, without a word of the upstream's"),
  ),
  row(
    "U11",
    "refuses, does not resolve, has a bad certificate or an old TLS",
    "502",
    upstream("connect", "because nothing listens is 502"),
    upstream("connect", "whose certificate it has signed itself is refused, even where the environment would allow it"),
    upstream("connect", "whose certificate is trusted for another name is refused"),
  ),
  row(
    "U12",
    "a thousand calls cut within their answers, then a thousand good ones",
    "each gets its own answer",
    upstream("pool", "calls that are left at every moment cost nobody else his answer, and no connection"),
    upstream("pool", "a connection whose answer is over but %s is cut"),
    show("src/outbound/send.test.ts", "can be left at every moment, in every way"),
  ),
  row(
    "U13",
    "one that hangs, beside one that does not",
    "only its own agents wait",
    upstream(
      "pool",
      "an upstream that hangs uses up its own connections only, and calls that wait for one can be left",
    ),
  ),
  row(
    "U14",
    "fails once, before or after its first byte",
    "asked once more; not asked again",
    upstream("status", "%s is made once more, and answered"),
    upstream("status", "%s is never made again"),
  ),
  row(
    "U19",
    "fails half of the time, at random",
    "statuses of the contract, and no acknowledged turn is lost",
    upstream("chaos", "an upstream that fails half of the time costs no turn that was acknowledged"),
  ),
];
