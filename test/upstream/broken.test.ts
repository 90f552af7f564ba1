import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { errorCodes, type ErrorCode } from "../../src/base/contract.ts";
import type { Talk } from "../talk.fixture.ts";
import { assertNoLeak, assertRecovered, modes, startUpstreamTest } from "./upstream.fixture.ts";
import {
  done,
  type Fault,
  finished,
  pour,
  streamHead,
  toChunk,
  toEvent,
  toHead,
  toSaid,
  toWhole,
} from "./servers/fault.fixture.ts";

interface Row {
  readonly name: string;
  readonly fault: Fault;
  readonly code?: ErrorCode;
  /** The upstream has said yes before it failed: a stream has begun by then. */
  readonly accepted?: false;
  /** What the upstream had said before it failed. */
  readonly said?: string;
  readonly deadlines?: Readonly<Record<string, number>>;
  /** How much of the upstream's bytes may be taken, the buffers of both operating systems' ends included. */
  readonly mebibytesMax?: number;
}

const soFar = streamHead + toChunk(toSaid("so ")) + toChunk(toSaid("far"));
const answer = { choices: [{ index: 0, message: { role: "assistant", content: "whole" }, finish_reason: "stop" }] };
const eventStream = "content-type: text/event-stream";
const mebibyte = 1024 * 1024;
/** Loopback sockets hold some megabytes at either end. */
const buffersMebibytes = 16;

const reset: (first: string) => Fault = (first) => async (socket) => {
  if (first !== "") socket.write(first);
  // What arrives together with a reset, the operating system throws away.
  await delay(30);
  socket.resetAndDestroy();
};
const hang: (first: string) => Fault = (first) => (socket) => first !== "" && socket.write(first);
const fin: (first: string) => Fault = (first) => (socket) => socket.end(first);
const timeout = { code: "upstream_timeout" } as const;

const rows: readonly Row[] = [
  // Silent from the start.
  {
    name: "accepts and never answers",
    fault: hang(""),
    ...timeout,
    accepted: false,
    deadlines: { firstTokenMs: 1_000 },
  },
  {
    name: "sends half a head",
    fault: hang(streamHead.slice(0, 40)),
    ...timeout,
    accepted: false,
    deadlines: { firstTokenMs: 1_000 },
  },
  { name: "sends a head and no body", fault: hang(streamHead), ...timeout, deadlines: { firstTokenMs: 1_000 } },
  // Silent in the middle.
  { name: "stops after two pieces", fault: hang(soFar), ...timeout, said: "so far", deadlines: { idleMs: 1_000 } },
  {
    name: "stops within an event",
    fault: hang(`${soFar}ff\r\ndata: {`),
    ...timeout,
    said: "so far",
    deadlines: { idleMs: 1_000 },
  },
  // Never at an end, with a total limit of a second and a half instead of ten minutes.
  {
    name: "drips for ever",
    ...timeout,
    deadlines: { idleMs: 1_000, totalMs: 1_500 },
    said: "so far",
    async fault(socket) {
      for (socket.write(soFar); !socket.destroyed; await delay(20)) socket.write(toChunk(":"));
    },
  },
  {
    name: "drips a head for ever",
    ...timeout,
    accepted: false,
    deadlines: { firstTokenMs: 1_000 },
    async fault(socket) {
      for (socket.write("HTTP/1.1 200 OK\r\nx: "); !socket.destroyed; await delay(20)) socket.write("x");
    },
  },
  {
    name: "announces an answer for ever",
    ...timeout,
    accepted: false,
    deadlines: { firstTokenMs: 1_000 },
    async fault(socket) {
      for (; !socket.destroyed; await delay(10)) socket.write("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n");
    },
  },
  // Cut off.
  { name: "resets before its head", fault: reset(""), accepted: false },
  { name: "resets within its head", fault: reset(streamHead.slice(0, 40)), accepted: false },
  { name: "resets after its head", fault: reset(streamHead) },
  { name: "resets between pieces", fault: reset(soFar), said: "so far" },
  { name: "resets within a piece", fault: reset(`${soFar}ff\r\ndata: {`), said: "so far" },
  { name: "ends before its head", fault: fin(""), accepted: false },
  { name: "ends after its head", fault: fin(streamHead) },
  { name: "ends between pieces, in the same breath", fault: fin(soFar), said: "so far" },
  { name: "ends within a piece", fault: fin(`${soFar}ff\r\ndata: {`), said: "so far" },
  { name: "ends short of the last chunk, and of its end", fault: fin(soFar + toChunk(toSaid("!"))), said: "so far!" },
  {
    name: "promises more than it sends",
    fault: fin(`${toHead([eventStream, "content-length: 9999"])}${toSaid("so far")}`),
    said: "so far",
  },
  {
    name: "sends more than it promised",
    fault: fin(
      `${toHead([eventStream, `content-length: ${toSaid("so far").length}`])}${toSaid("so far")}${finished}${done}`,
    ),
    said: "so far",
  },
  {
    name: "promises more of a whole answer than it sends",
    fault: fin(toWhole(answer).replace(/content-length: /, "$&9")),
  },
  {
    name: "cuts a whole answer by its length",
    fault: fin(toWhole(answer).replace(/content-length: \d/, "content-length: 0")),
  },
  { name: "breaks the coding of its chunks", fault: fin(`${soFar}zz\r\nupstream-secret`), said: "so far" },
  { name: "does not speak HTTP", fault: fin("SSH-2.0-upstream-secret\r\n"), accepted: false },
  // Over without having come to an end.
  { name: "ends without a finish", fault: fin(`${soFar}0\r\n\r\n`), said: "so far" },
  { name: "says that it is done without a finish", fault: fin(`${soFar}${toChunk(done)}0\r\n\r\n`), said: "so far" },
  { name: "sends an empty stream", fault: fin(`${streamHead}0\r\n\r\n`) },
  { name: "sends an empty body", fault: fin(toHead([eventStream, "content-length: 0"])) },
  { name: "sends comments alone", fault: fin(`${streamHead}${toChunk(": x\n\n".repeat(9))}0\r\n\r\n`) },
  { name: "sends an empty whole answer", fault: fin(toWhole("")) },
  { name: "sends a whole answer without a choice", fault: fin(toWhole({ choices: [] })) },
  {
    name: "sends a web page",
    fault: fin(`${toHead(["content-type: text/html", "content-length: 6"])}<html>`),
  },
  {
    name: "sends an error in its stream",
    fault: fin(`${soFar}${toChunk(toEvent({ error: { message: "upstream-secret" } }))}`),
    said: "so far",
  },
  {
    name: "sends an event that is no JSON",
    fault: fin(`${soFar}${toChunk("data: upstream-secret\n\n")}0\r\n\r\n`),
    said: "so far",
  },
  { name: "sends a whole answer that is no JSON", fault: fin(toWhole("upstream-secret")) },
  { name: "sends an error instead of its answer", fault: fin(toWhole({ error: { message: "upstream-secret" } })) },
  {
    name: "finishes with an error",
    fault: fin(`${soFar}${toChunk(finished.replace("stop", "error"))}0\r\n\r\n`),
    said: "so far",
  },
  // Larger than anything that a model says.
  {
    name: "sends 1 GiB",
    fault(socket) {
      socket.write(streamHead);
      return pour(socket, toChunk(`: ${"x".repeat(256 * 1024)}\n\n`), 1024 * mebibyte);
    },
    mebibytesMax: 32 + buffersMebibytes,
  },
  {
    name: "sends a whole answer of 1 GiB",
    fault(socket) {
      socket.write(toHead(["content-type: application/json", "transfer-encoding: chunked"]));
      return pour(socket, toChunk("x".repeat(256 * 1024)), 1024 * mebibyte);
    },
    mebibytesMax: 32 + buffersMebibytes,
  },
  {
    name: "promises 1 GiB",
    fault: hang(toHead([eventStream, `content-length: ${1024 * mebibyte}`])),
    deadlines: { firstTokenMs: 1_000 },
    ...timeout,
  },
  {
    name: "sends a line of 100 MB",
    fault(socket) {
      socket.write(`${streamHead}${toChunk('data: "')}`);
      return pour(socket, toChunk("x".repeat(64 * 1024)), 100_000_000);
    },
    mebibytesMax: 32 + buffersMebibytes,
  },
  {
    name: "sends a million header fields",
    fault(socket) {
      socket.write("HTTP/1.1 200 OK\r\n");
      return pour(socket, "x-field: 1\r\n".repeat(1_000), 12_000_000);
    },
    accepted: false,
    mebibytesMax: buffersMebibytes - 8,
  },
  {
    name: "sends a million trailer fields",
    fault(socket) {
      socket.write(`${soFar}0\r\n`);
      return pour(socket, "x-field: 1\r\n".repeat(1_000), 12_000_000);
    },
    said: "so far",
    mebibytesMax: buffersMebibytes - 8,
  },
  // Coded otherwise than was asked for.
  {
    name: "compresses its answer in two fields",
    fault: fin(
      `${toHead([eventStream, "content-encoding: gzip", "content-encoding: br", "content-length: 9"])}upstream-`,
    ),
    accepted: false,
  },
  {
    name: "repeats the fields of its refusal",
    fault: fin(toWhole({ error: {} }, ["retry-after: 0", "retry-after: 0", "content-type: text/html"], "500 No")),
    accepted: false,
  },
  ...["gzip", "br", "deflate, identity", "x-unknown", Array.from({ length: 500 }, () => "gzip").join(", ")].map(
    (encoding): Row => ({
      name: `compresses its answer: ${encoding.slice(0, 20)}`,
      fault: fin(`${toHead([eventStream, `content-encoding: ${encoding}`, "content-length: 9"])}upstream-`),
      accepted: false,
    }),
  ),
];

describe("a model server that", () => {
  it.concurrent.for(rows.filter(({ mebibytesMax }) => mebibytesMax === undefined))(
    "$name has failed, whole and streamed, and the next turn is answered",
    assertHarmless,
  );
  // How much of a flood comes before its end depends on who else has the thread.
  it.for(rows.filter(({ mebibytesMax }) => mebibytesMax !== undefined))(
    "$name has failed, whole and streamed, however much it sends",
    assertHarmless,
  );
});

async function assertHarmless(row: Row): Promise<void> {
  const { deadlines = {} } = row;
  const test = await startUpstreamTest(row.fault, { deadlines: { connectMs: 5_000, ...deadlines } });
  for (const { stream } of modes) {
    test.upstream.fault = row.fault;
    const before = { calls: test.upstream.calls.length, bytesTaken: test.upstream.bytesTaken };
    const startedAt = performance.now();
    const talk = await test.ask("Hi", stream);
    const ms = performance.now() - startedAt;

    assertFailed(row, talk, stream);
    assertNoLeak(test, talk);
    for (const limit of Object.values(deadlines).slice(-1)) {
      expect(ms).toBeGreaterThan(limit * 0.9);
      // Without the limit it would take minutes.
      expect(ms).toBeLessThan(limit + 20_000);
    }
    const { calls, bytesTaken } = test.upstream;
    for (const { head } of calls) expect(head).toMatch(/^accept-encoding: identity$/m);
    // Whatever was accepted once is not asked for again.
    expect(calls.length - before.calls).toBeLessThanOrEqual(row.accepted === false ? 2 : 1);
    expect(bytesTaken - before.bytesTaken).toBeLessThan((row.mebibytesMax ?? 1) * mebibyte);
    await assertRecovered(test, stream);
  }
}

function assertFailed({ code = "upstream_error", accepted, said = "" }: Row, talk: Talk, stream: boolean): void {
  expect(talk).toMatchObject({ text: stream ? said : "", finishReason: null, error: { code, param: null } });
  // A stream that has begun cannot refuse; before the first word it need not have begun.
  const { status } = errorCodes[code];
  const allowed = !stream || accepted === false ? [status] : said === "" ? [status, 200] : [200];
  expect(allowed).toContain(talk.status);
}
