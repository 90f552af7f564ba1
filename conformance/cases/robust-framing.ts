import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectOneOf, expectThat, Failure, show } from "../expect.ts";
import { toHead } from "../lens/socket.ts";
import { crash, refuse } from "../self-test/edits/requests.ts";
import { ask, expectAccepted, expectRefused, post, toTinyPrompt } from "./request-check.ts";
import { countAnswers, parseAnswer, readAnswer, talk, toJsonLines } from "./robust-raw.ts";

function toBody(context: CaseContext, text = toTinyPrompt(context)): string {
  return JSON.stringify(context.say(text));
}

const crlf = Buffer.from("\r\n");
const json = "Content-Type: application/json";
const continueMs = 3000;
const closeMs = 3000;

/** The lines that give two lengths, and what follows the head: a whole call by either length, and a request behind it. */
interface Ambiguity {
  readonly lines: readonly string[];
  readonly rest: string;
}

function toAmbiguities(context: CaseContext): Readonly<Record<string, Ambiguity>> {
  const body = toBody(context);
  const chunked = `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const rest = chunked + toHead(context.subject, "GET", "/smuggled", ["Connection: close"]);
  const length = `Content-Length: ${Buffer.byteLength(rest)}`;
  const coding = "Transfer-Encoding: chunked";
  // White space behind the JSON: by the longer length it is part of the body.
  const padded = body + " ".repeat(32);
  const lengths = [body, padded].map((text) => `Content-Length: ${Buffer.byteLength(text)}`);
  return {
    "Content-Length and Transfer-Encoding": { lines: [length, coding], rest },
    "Transfer-Encoding and Content-Length": { lines: [coding, length], rest },
    "two Content-Lengths that differ": { lines: lengths, rest: padded },
  };
}

export const robustFramingCases = defineCases([
  {
    id: "ROB-03",
    level: "SHOULD",
    requirement: "A body that is not valid UTF-8 is refused with 400.",
    source: "RFC 8259, section 8.1: JSON text between systems is UTF-8; a replaced character changes what was asked",
    faults: [
      {
        id: "robust-utf8-replaced",
        what: "Bytes that are not UTF-8 are replaced in silence.",
        call: (call) => ({ bytes: Buffer.from(call.bytes.toString("utf8")) }),
      },
    ],
    async run(context) {
      const [before, after] = toBody(context, "\u0000").split("\\u0000") as [string, string];
      for (const bytes of [[0xff, 0xfe], [0xc3], [0xed, 0xa0, 0x80]]) {
        const body = Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
        expectRefused(await post(context, body), `the bytes ${Buffer.from(bytes).toString("hex")} in a text`);
      }
    },
  },
  {
    id: "ROB-04",
    level: "SHOULD",
    requirement: "A chunked body is read whatever its chunks and segments are, also one byte at a time.",
    source: "RFC 9112, section 7.1; HTTP clients choose the chunks, and a character may be split among them",
    limitMs: 30_000,
    faults: [
      {
        id: "robust-chunks-decoded-alone",
        what: "Each chunk of a body is decoded alone: characters that lie in two of them are lost.",
        call: ({ headers, bytes }) =>
          headers["transfer-encoding"] === "chunked"
            ? { bytes: Buffer.from(bytes.toString("latin1").replaceAll(/[\u0080-\u00ff]/g, "\ufffd")) }
            : undefined,
      },
      {
        id: "robust-chunked-unread",
        what: "Without `Content-Length` there is no body.",
        call: ({ headers }) => (headers["transfer-encoding"] === "chunked" ? refuse(411) : undefined),
      },
    ],
    async run(context) {
      const said = "\u2713 \u{1f99e}";
      const body = Buffer.from(
        toBody(context, context.has("fixture") ? `@@echo ${said}` : `Reply with the word: ok ${said}`),
      );
      const chunks = Array.from(body, (_byte, at) =>
        Buffer.concat([Buffer.from("1\r\n"), body.subarray(at, at + 1), crlf]),
      );
      const framed = Buffer.concat([...chunks, Buffer.from("0\r\n\r\n")]);
      const connection = await context.connect();
      try {
        const lines = [json, "Transfer-Encoding: chunked", "Connection: close"];
        connection.write(toHead(context.subject, "POST", "/chat/completions", lines));
        // Pieces that are not the chunks, each in a segment of its own as far as the system allows.
        for (let at = 0; at < framed.length; at += 37) {
          connection.write(framed.subarray(at, at + 37));
          await new Promise<void>((resolve) => void setImmediate(resolve));
        }
        const answer = await readAnswer(connection, "a body in chunks of one byte");
        expectEqual(answer.status, 200, `the status (${answer.text.slice(0, 200)})`);
        if (context.has("fixture")) expectEqual(toSaid(answer.text), said, "the echo of the text");
      } finally {
        connection.close();
      }
    },
  },
  {
    id: "ROB-05",
    level: "SHOULD",
    requirement: "`Expect: 100-continue` is answered with 100 before the body is sent, or with a final status.",
    source: "RFC 9110, section 10.1.1; curl sends it with larger bodies and waits",
    limitMs: 15_000,
    faults: [
      {
        id: "robust-expect-refused",
        what: "A request with `Expect` is a 500 once its body has come.",
        call: ({ headers }) => (headers.expect === undefined ? undefined : crash),
      },
    ],
    async run(context) {
      const body = toBody(context);
      const connection = await context.connect();
      try {
        const lines = [...toJsonLines(body), "Expect: 100-continue", "Connection: close"];
        connection.write(toHead(context.subject, "POST", "/chat/completions", lines));
        const first = await connection.waitFor(/^HTTP\/1\.1 \d{3}/, continueMs).catch((error: Error) => {
          throw new Failure(`100 or a final status within ${continueMs} ms, before the body is sent`, error.message);
        });
        if (!first.startsWith("HTTP/1.1 100")) return expectOneOf(Number(first.slice(9, 12)), [417, 413], "the status");
        connection.write(body);
        const { status, text } = await readAnswer(connection, "the body after 100");
        expectEqual(status, 200, `the status after 100 (${text.slice(0, 200)})`);
      } finally {
        connection.close();
      }
    },
  },
  {
    id: "ROB-06",
    level: "SHOULD",
    requirement:
      "A request whose length is ambiguous is refused with 400 and its connection closed; what follows is never taken for a request.",
    source: "RFC 9112, sections 6.1, 6.3 and 11.2: request smuggling",
    limitMs: 20_000,
    async run(context) {
      for (const [what, one] of Object.entries(toAmbiguities(context))) await expectOneRefusal(context, what, one);
    },
  },
  {
    id: "ROB-08",
    level: "SHOULD",
    requirement: "Bytes beyond ASCII in a header field are refused with 400 or taken as they are, and break nothing.",
    source: "RFC 9110, section 5.5: obs-text; names of users end up in headers",
    limitMs: 30_000,
    faults: [
      {
        id: "robust-header-bytes-500",
        what: "A header with a letter beyond ASCII is a 500.",
        call: ({ headers }) =>
          Object.values(headers).some((one) => /[\u0080-\u00ff]/.test(String(one))) ? crash : undefined,
      },
    ],
    async run(context) {
      const body = toBody(context);
      for (const encoding of ["latin1", "utf8"] as const) {
        for (const name of ["x-openclaw-session-key", "User-Agent", "OpenAI-Project"]) {
          const what = `"${name}: \u00e4" in ${encoding}`;
          const answer = await talk(
            context,
            { lines: [`${name}: \u00e4`, ...toJsonLines(body)], body, encoding },
            what,
          );
          expectOneOf(answer.status, [200, 400], `the status for ${what} (${answer.text.slice(0, 200)})`);
        }
      }
      expectAccepted(await ask(context, {}), "an ordinary call afterwards");
    },
  },
]);

async function expectOneRefusal(context: CaseContext, what: string, { lines, rest }: Ambiguity): Promise<void> {
  const connection = await context.connect();
  try {
    connection.write(toHead(context.subject, "POST", "/chat/completions", [json, ...lines]) + rest);
    const received = await connection.waitForEnd(closeMs).catch(() => connection.received);
    expectThat(countAnswers(received) <= 1, `one answer to ${what}, as there is one request`, received);
    expectThat(parseAnswer(received)?.status === 400, `400 for ${what}`, received || "no answer at all");
    expectThat(connection.closed, `the connection to be closed after ${what}`, `open ${closeMs} ms later`);
  } finally {
    connection.close();
  }
}

function toSaid(text: string): unknown {
  try {
    const { choices } = JSON.parse(text) as { choices: { message: { content: unknown } }[] };
    return choices[0]?.message.content;
  } catch {
    return show(text);
  }
}
