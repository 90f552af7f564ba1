import { gunzipSync, gzipSync } from "node:zlib";
import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectOneOf, expectThat, Failure } from "../expect.ts";
import { toHead } from "../lens/socket.ts";
import type { WireAnswer, WireRequest } from "../lens/wire.ts";
import { complete, crash, isChat, refuse, toMessages } from "../self-test/edits/requests.ts";
import { createBomb, createCrowd, padJson } from "./limits-bodies.ts";
import { sendOwn, withOwn } from "./own-server.ts";
import { expectRefusedInWords } from "./error-words.ts";
import { ask, brief, expectAnswer, unknownPath } from "./routes-answers.ts";
import { waitForHead } from "./routes-raw.ts";
import { refusedBySdk } from "./routes-sdk.ts";

/** The limit of body-parser, the most common of them all. */
const bodyParserBytes = 100 * 1024;

const argumentsMax = 65_536;

/** A body of a few hundred KiB was not made by hand. */
const bombBytes = 64 * 1024;

const kibibyte = 1024;
const mebibyte = kibibyte * kibibyte;
/** The limit that a server of the suite's own is given. */
const bodyBytesMax = 64 * kibibyte;
const patienceMs = 60_000;
const crowd = 100_000;
const crowdMs = 5000;
const bombMebibytes = 256;

export const limitCases = defineCases([
  {
    id: "LIM-01",
    level: "MUST",
    requirement: "A body over the limit is answered 413 with an error body, whether its length is announced or not.",
    source: "RFC 9110, section 15.5.14. OpenAI SDK: a reset is a connection error, and is tried twice more.",
    needs: ["limits"],
    faults: [
      {
        id: "limit-413-page",
        what: "A body over the limit is answered with the page of the web server in front.",
        answer: (answer) =>
          answer.status === 413
            ? { status: 413, headers: { "content-type": "text/html" }, body: "<h1>413 Request Entity Too Large</h1>" }
            : answer,
      },
      {
        id: "limit-413-is-500",
        what: "A body over the limit is a 500, which the SDK sends twice more.",
        answer: (answer) => (answer.status === 413 ? crash : answer),
      },
    ],
    async run(context) {
      await expectAnnouncedRefused(context);
      if (!context.has("own")) return;
      await withOwn(context, { bodyBytesMax }, async (own) => {
        const send = (bytes: number, headers: WireRequest["headers"] = {}): Promise<WireAnswer> =>
          answerTo(sendOwn(context, own, { body: padJson(ask(context), bytes), headers }), `a body of ${bytes} bytes`);
        expectAnswer(await send(bodyBytesMax), "a body just as long as the limit");
        expectRefusedInWords(await send(bodyBytesMax + 1), [413], "a body one byte over the limit");
        const chunked = { "content-length": undefined, "transfer-encoding": "chunked" };
        expectRefusedInWords(await send(bodyBytesMax + 1, chunked), [413], "a chunked body one byte over the limit");
        const client = context.sdk.create({ baseURL: own.baseUrl, apiKey: own.apiKey });
        const call = client.chat.completions.create(context.say("x".repeat(bodyBytesMax)), { signal: context.signal });
        const error = await refusedBySdk(context, call, "APIError", "a prompt over the limit");
        expectEqual(error["status"], 413, "the status that the SDK saw");
      });
    },
  },
  {
    id: "LIM-02",
    level: "SHOULD",
    requirement: "A body of 1 MB is not too large.",
    source: "Images as data URLs and agents' histories are that long; OpenClaw's gateway takes 20 MB.",
    faults: [
      {
        id: "limit-100-kib",
        what: "Bodies over 100 KiB are too large, as in a framework whose default nobody has changed.",
        call: (call) => (isChat(call) && call.bytes.length > bodyParserBytes ? refuse(413) : undefined),
      },
    ],
    async run(context) {
      const body = padJson(ask(context), 1_000_000);
      const answer = await answerTo(context.send({ path: "/chat/completions", body }), "a body of 1 MB");
      expectAnswer(answer, "a body of 1 MB, most of it white space");
    },
  },
  {
    id: "LIM-03",
    level: "SHOULD",
    requirement: "A request whose body never comes is cut off within 60 s: 408, or the end of the connection.",
    source: "RFC 9110, section 15.5.9; CWE-400 (slow requests hold connections for nothing).",
    needs: ["limits"],
    limitMs: patienceMs + 5000,
    async run(context) {
      const connection = await context.connect();
      try {
        const lines = ["Content-Type: application/json", "Content-Length: 1000"];
        connection.write(toHead(context.subject, "POST", "/chat/completions", lines));
        await connection.waitFor(/HTTP\/1\.[01] [45]\d\d/, patienceMs).catch(() => undefined);
        const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(connection.received) ?? [];
        const isCut = status === undefined ? connection.closed : ["400", "408", "413"].includes(status);
        expectThat(isCut, `408 or the end of the connection within ${patienceMs / 1000} s`, status ?? "nothing");
      } finally {
        connection.close();
      }
    },
  },
  {
    id: "LIM-04",
    level: "SHOULD",
    requirement: "Header fields have a limit: 2 MiB of them are 431 or 400, and the server lives on.",
    source: "RFC 6585, section 5; RFC 9110, section 5.4.",
    async run(context) {
      for (const bytes of [32 * kibibyte, 2 * mebibyte]) {
        const answer = await sendPadded(context, bytes);
        if (answer === undefined)
          context.note(`${bytes} bytes of header fields: the connection is cut without an answer`);
        const isRefused = answer === undefined || [400, 413, 414, 431, 494].includes(answer.status);
        if (isRefused) break;
        expectThat(bytes < mebibyte, "431 or 400 for 2 MiB of header fields", answer.status);
        context.note(`${bytes} bytes of header fields are taken`);
      }
      await expectAlive(context, "header fields over the limit");
    },
  },
  {
    id: "LIM-05",
    level: "SHOULD",
    requirement: "100,000 messages are refused within 5 s, with 400, 413 or 422.",
    source: "CWE-400: validation whose cost grows faster than its input.",
    finds: ["request-nothing-validated"],
    faults: [
      {
        id: "limit-spread",
        what: "Messages are spread into the arguments of a call, which throws from 65,536 on.",
        call: (call) => (call.body !== undefined && toMessages(call.body).length > argumentsMax ? crash : undefined),
      },
    ],
    async run(context) {
      const body = createCrowd(context.subject.model, crowd);
      const call = context.send({ path: "/chat/completions", body, limitMs: crowdMs });
      const answer = await answerTo(call, `${crowd} messages`);
      expectOneOf(answer.status, [400, 413, 422], `the status for ${crowd} messages`);
      await expectAlive(context, `${crowd} messages`);
    },
  },
  {
    id: "LIM-09",
    level: "SHOULD",
    requirement: "A gzip body is refused (415 or 400), or is taken within the limit that holds for its decoded size.",
    source: "RFC 9110, section 15.5.16; CWE-409 (a few KiB that decode to gigabytes).",
    limitMs: 30_000,
    faults: [
      {
        id: "limit-gzip-bomb",
        what: "A gzip body is taken, however long what comes out of it.",
        call(call) {
          if (call.headers["content-encoding"] !== "gzip") return undefined;
          if (call.bytes.length > bombBytes) return complete("ok");
          return { headers: { ...call.headers, "content-encoding": undefined }, bytes: gunzipSync(call.bytes) };
        },
      },
    ],
    async run(context) {
      const headers = { "content-encoding": "gzip" };
      const small = gzipSync(JSON.stringify(ask(context)));
      const answer = await context.send({ path: "/chat/completions", body: small, headers });
      if ([400, 415].includes(answer.status)) return;
      expectAnswer(answer, "a gzip body");
      const body = await createBomb(ask(context), bombMebibytes);
      const what = `${body.length} bytes of gzip that decode to ${bombMebibytes} MiB`;
      const bombed = await answerTo(context.send({ path: "/chat/completions", body, headers, limitMs: 15_000 }), what);
      expectOneOf(bombed.status, [400, 413, 415], `the status for ${what}`);
      await expectAlive(context, what);
    },
  },
]);

/** Turns a reset, a hang and the like into a failure of the case. */
async function answerTo(call: Promise<WireAnswer>, what: string): Promise<WireAnswer> {
  try {
    return await call;
  } catch (error) {
    throw new Failure(`an answer to ${what}`, (error as Error).message);
  }
}

async function expectAnnouncedRefused(context: CaseContext): Promise<void> {
  const connection = await context.connect();
  try {
    const lines = ["Content-Type: application/json", `Content-Length: ${1024 * mebibyte}`];
    connection.write(`${toHead(context.subject, "POST", "/chat/completions", lines)}{"messages":[`);
    const what = "a body of 1 GiB that has only begun";
    const { status, body } = await waitForHead(connection, what);
    expectEqual(status, 413, `the status of the answer to ${what}`);
    const said = body === "" ? await connection.waitFor('"error"').catch(() => connection.received) : body;
    expectThat(said.includes('"error"'), `an error body for ${what}`, said);
  } finally {
    connection.close();
  }
}

/** Undefined if the connection was cut. */
function sendPadded(context: CaseContext, bytes: number): Promise<WireAnswer | undefined> {
  const headers = { "x-padding": "p".repeat(bytes) };
  return context.send({ path: unknownPath, headers }).catch(() => undefined);
}

async function expectAlive(context: CaseContext, what: string): Promise<void> {
  const answer = await answerTo(context.send({ path: unknownPath }), `a plain request after ${what}`);
  expectThat(answer.status < 500, `a plain request to be answered after ${what}`, brief(answer));
}
