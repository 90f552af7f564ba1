import { defineCases } from "../case.ts";
import { type CaseContext, needOrdinary } from "../context.ts";
import {
  expectArray,
  expectEqual,
  expectObject,
  expectText,
  expectThat,
  Failure,
  isObject,
  show,
  Skip,
} from "../expect.ts";
import { toHead } from "../lens/socket.ts";
import { withFields, withHeaders } from "../self-test/edit.ts";
import type { ProxiedAnswer } from "../self-test/mutant.ts";
import { parseRawAnswer } from "./nonstream-framing.ts";
import { askBriefly, toBody, toContent, toMediaType } from "./nonstream-reading.ts";

/** Writing systems, emoji of several code points, combining marks, line separators, controls, and JSON's own signs. */
const unicodeText =
  'héllo 漢字 かな 한국어 العربية עברית \u{1F469}\u{200D}\u{1F469}\u{200D}\u{1F467}\u{1F3FD} e\u0301 \u2028\u2029 \u0000\u001f "\\/ \uFEFF \u{10FFFF} end';

export const nonStreamWireCases = defineCases([
  {
    id: "NS-15",
    level: "SHOULD",
    requirement: "Any Unicode text arrives as the model said it, in a body of valid UTF-8.",
    source: "RFC 8259, section 8.1: JSON between systems is UTF-8",
    faults: [
      {
        id: "json-in-latin-1",
        what: "The body is encoded as Latin-1.",
        answer: (answer) => ({ ...answer, body: Buffer.from(String(answer.body), "latin1") }),
      },
      {
        id: "json-content-length-in-characters",
        what: "`content-length` counts characters instead of bytes.",
        answer: (answer) => withHeaders(answer, { "content-length": String(String(answer.body).length) }),
      },
    ],
    async run({ chat, say, has }) {
      const exact = has("fixture");
      const answer = await chat(
        say(exact ? `@@echo ${JSON.stringify(unicodeText)}` : "Repeat, with nothing else: 漢字 \u{1F30D} é"),
      );
      expectThat(isUtf8(answer.body), "a body of valid UTF-8", "bytes that are none");
      const content = toContent(toBody(answer));
      if (exact) return expectEqual(content, unicodeText, "message.content");
      expectText(content, "message.content");
      expectThat(!content.includes("\uFFFD"), "no replacement character in the text", content);
      if (/^[\0-\x7f]*$/.test(content)) throw new Skip("the answer has no character beyond ASCII");
    },
  },
  {
    id: "NS-16",
    level: "MUST",
    requirement: "The body ends where its framing says, with nothing behind the JSON.",
    source:
      "RFC 9112, section 6.3: exactly the bytes of content-length, or chunks and the last chunk; decolua/9router#3492 (`data: [DONE]` after the JSON)",
    finds: ["json-content-length-in-characters", "json-then-done"],
    async run(context) {
      const received = await readRaw(context);
      const answer = parseRawAnswer(received);
      expectThat(answer !== undefined, "an answer with a head and a body", received);
      needOrdinary({ status: answer.status, text: answer.body });
      if (answer.problem !== undefined) throw new Failure("a body as long as its framing says", answer.problem);
      const text = Buffer.from(answer.body, "latin1")
        .toString("utf8")
        .replace(/^\uFEFF/, "");
      try {
        JSON.parse(text);
      } catch (error) {
        throw new Failure("a body that is one JSON value", `${show(error)} in ${show(text.slice(-80))}`);
      }
    },
  },
  {
    id: "NS-17",
    level: "MUST",
    requirement: "With `stream` absent, `false` or `null` the answer is JSON, never a stream.",
    source:
      "OpenAI's document: CreateChatCompletionRequest.stream, default false, nullable; diegosouzapw/OmniRoute#10239, decolua/9router#3492",
    finds: ["json-as-text-plain", "json-then-done", "stream-by-default"],
    faults: [
      {
        id: "stream-null-is-true",
        what: "`stream: null` is taken for true.",
        call: (call) => (call.body?.["stream"] === null ? withFields(call, { stream: true }) : undefined),
      },
    ],
    async run(context) {
      for (const fields of [{}, { stream: false }, { stream: null }]) {
        const answer = await askBriefly(context, fields);
        const what = `with ${show(fields)}`;
        expectThat(
          answer.status === 200 && toMediaType(answer).toLowerCase() === "application/json",
          `a JSON answer ${what}`,
          `${answer.status} ${toMediaType(answer)} ${answer.text.slice(0, 120)}`,
        );
        expectArray(toBody(answer)["choices"], `choices, ${what},`);
      }
    },
  },
  {
    id: "NS-18",
    level: "SHOULD",
    requirement: "An answer always has a body, also when the model says nothing.",
    source: "SDK 4–7: a 204 becomes null, an empty 200 undefined or a SyntaxError",
    faults: [
      {
        id: "silence-204",
        what: "An answer without text is a 204, which the SDK turns into null.",
        answer: (answer) => (isSilent(answer) ? { ...answer, status: 204, body: "" } : answer),
      },
      {
        id: "silence-without-body",
        what: "An answer without text is a 200 with an empty body.",
        answer: (answer) => (isSilent(answer) ? withHeaders({ ...answer, body: "" }, {}) : answer),
      },
    ],
    async run(context) {
      const { chat, say, plain, has } = context;
      const answers = has("fixture") ? [await plain(), await chat(say("@@echo"))] : [await plain()];
      for (const answer of answers) {
        expectThat(answer.status === 200, "status 200", answer.status);
        expectThat(answer.body.length > 0, "a body", "none");
        expectObject(answer.json, "the body");
      }
      const [, silent] = answers;
      if (silent === undefined) return;
      const content = toContent(toBody(silent));
      expectThat(content === "" || content === null, "content null or empty where nothing is said", content);
    },
  },
  {
    id: "NS-19",
    level: "MUST",
    requirement: "A failure has a status of 400 or more, never 200 with an `error` in the body.",
    source:
      "SDK 4–7: with status 200 `create()` resolves and `choices` is undefined; vercel/ai#20351, nodetool-ai/nodetool#5755, RooCodeInc/Roo-Code#6096",
    faults: [
      {
        id: "failure-200",
        what: "Failures have status 200 and an `error` in the body: `choices` is undefined in every client.",
        answer: (answer) => ({ ...answer, status: 200 }),
      },
      {
        id: "failure-200-empty-choices",
        what: "A failing backend is answered as a completion without choices: RooCodeInc/Roo-Code#6096.",
        answer: (answer) =>
          answer.status >= 500
            ? { ...answer, status: 200, body: JSON.stringify({ object: "chat.completion", choices: [] }) }
            : answer,
      },
    ],
    async run(context) {
      const bodies: object[] = [
        { messages: "not a list" },
        { messages: [] },
        { messages: [{ role: "alien", content: "hi" }] },
        ...(context.has("fixture") ? [context.say("@@fail"), context.say("@@fail after=2")] : []),
      ];
      const answers = await Promise.all(bodies.map((body) => context.chat(body)));
      for (const [place, { status, json, text }] of answers.entries()) {
        if (status >= 400) continue;
        const isAnswer = isObject(json) && !json["error"] && Array.isArray(json["choices"]) && json["choices"][0];
        expectThat(Boolean(isAnswer), `${show(bodies[place])} to be refused with a status`, `${status} ${text}`);
      }
      if (answers.every(({ status }) => status < 400)) throw new Skip("no request that could be made fails here");
    },
  },
  {
    id: "NS-23",
    level: "SHOULD",
    requirement: "The body begins with `{`: no byte-order mark, white space or comment before the JSON.",
    source: "RFC 8259, section 8.1: no byte-order mark; SDK 4 throws on one",
    faults: [
      {
        id: "json-byte-order-mark",
        what: "The body begins with a byte-order mark.",
        answer: (answer) => ({ ...answer, body: `\uFEFF${String(answer.body)}` }),
      },
      {
        id: "json-after-blank-lines",
        what: "Blank lines come before the JSON, to keep the connection open, as DeepSeek does.",
        answer: (answer) => ({ ...answer, body: `\n\n${String(answer.body)}` }),
      },
    ],
    async run({ plain }) {
      const answer = await plain();
      toBody(answer);
      expectEqual(answer.body.subarray(0, 1).toString("latin1"), "{", "the first byte");
    },
  },
]);

/** One plain question over a connection of its own, until the other side closes it. */
async function readRaw({ connect, subject, say, has }: CaseContext): Promise<string> {
  const body = JSON.stringify(say(has("fixture") ? "@@echo plain ✓" : "Say hi."));
  const lines = [
    "Accept: application/json",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  const connection = await connect();
  try {
    connection.write(toHead(subject, "POST", "/chat/completions", lines) + body);
    // Whoever keeps the connection open in spite of the header has answered by now all the same.
    await connection.waitForEnd(8000 * connection.patience).catch(() => undefined);
    return connection.received;
  } finally {
    connection.close();
  }
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function isSilent({ status, body }: ProxiedAnswer): boolean {
  return status === 200 && String(body).includes('"content":""');
}
