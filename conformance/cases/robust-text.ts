import { defineCases } from "../case.ts";
import { expectEqual, expectThat } from "../expect.ts";
import { readStream, toText } from "../lens/stream.ts";
import { editMessages, parse } from "../self-test/edits/requests.ts";
import { ask, expectAccepted, toContent, toContentJson } from "./request-check.ts";

const sseLike = [
  "before",
  "",
  "data: [DONE]",
  "",
  "event: error",
  'data: {"error":{"message":"not an error"}}',
  "",
  ": not a comment",
  "",
  "id: 7\r\nretry: 1\r\n\r\ndata: {}\r\r",
  "after",
].join("\n");

const odd = [
  "cr \r crlf \r\n lf \n",
  "line separators \u2028 \u2029 \u0085",
  "nul \u0000 bell \u0007 escape \u001b delete \u007f",
  "four bytes \u{1f99e} \u{10ffff} combined e\u0301 \u{1f468}\u200d\u{1f469}",
  "mark \ufeff at \ufffd quotes \" ' \\ slash / tab \t end",
].join(" | ");

export const robustTextCases = defineCases([
  {
    id: "ROB-09",
    level: "SHOULD",
    requirement: "A prompt of 200 kB arrives whole, as one line as well as in 200,000 lines.",
    source: "Clients paste files and logs; parsers with a cost per line or a limit per line fail on one of the two",
    needs: ["fixture"],
    limitMs: 30_000,
    finds: ["limit-100-kib"],
    faults: [
      {
        id: "robust-prompt-cut",
        what: "Of a long prompt the first 100,000 characters are read.",
        call: editMessages((message) => {
          const { content } = message;
          return typeof content === "string" ? { ...message, content: content.slice(0, 100_000) } : message;
        }),
      },
    ],
    async run(context) {
      const prompts = { "one line": "x".repeat(200_000), "200,000 lines": `${"\n".repeat(199_999)}x` };
      for (const [what, prompt] of Object.entries(prompts)) {
        const messages = [{ role: "user", content: `@@length\n${prompt}` }];
        const answer = await ask(context, { messages }, { limitMs: 15_000 });
        expectAccepted(answer, `a prompt of ${what}`);
        const lines = what === "one line" ? 1 : 200_000;
        expectEqual(toContentJson(answer), { length: prompt.length, lines }, `what has arrived of ${what}`);
      }
    },
  },
  {
    id: "ROB-10",
    level: "SHOULD",
    requirement:
      "Text of the model that looks like Server-Sent Events stays text: it ends no stream and starts no event.",
    source: "WHATWG HTML, section 9.2.6: a line break within `data` begins a new field; JSON must escape it",
    needs: ["fixture"],
    finds: ["route-accept-decides", "route-accept-406"],
    faults: [
      {
        id: "robust-break-unescaped",
        what: "Line breaks of the text are put into the stream as they are.",
        frame: (frame) => frame.replaceAll(String.raw`\n`, "\n").replaceAll(String.raw`\r`, "\r"),
      },
    ],
    async run(context) {
      const messages = [{ role: "user", content: `@@echo ${JSON.stringify(sseLike)}` }];
      const reading = readStream(await ask(context, { messages, stream: true }));
      expectEqual(reading.answer.status, 200, "the status");
      expectEqual(toText(reading), sseLike, "the text of the stream");
      expectEqual(reading.doneCount, 1, "the number of [DONE]");
      expectThat(reading.doneLast, "[DONE] to be the last event", reading.sse.events.at(-1)?.data);
      expectEqual(reading.error, undefined, "an error in the stream");
      expectEqual(reading.oddData, [], "data that is no chunk");
      const strange = reading.sse.events.filter(({ name, id }) => name === "error" || id === "7");
      expectThat(strange.length === 0, "no event made of the text", strange);
    },
  },
  {
    id: "ROB-11",
    level: "SHOULD",
    requirement: "Line breaks of every kind, control characters and characters of four bytes survive in both modes.",
    source: "RFC 8259, section 7; clients that split lines at U+2028 or drop NUL show that servers must be right first",
    needs: ["fixture"],
    finds: ["robust-break-unescaped", "route-accept-decides", "route-accept-406"],
    faults: [
      {
        id: "robust-control-dropped",
        what: "Control characters are taken out of the answer.",
        // oxlint-disable-next-line no-control-regex -- these are what is dropped
        json: (body) => parse(JSON.stringify(body).replaceAll(/\\u00[01][0-9a-f]/g, "")),
      },
      {
        id: "robust-separator-breaks",
        what: "U+2028 becomes a line feed, as in servers that split lines with the methods of their language.",
        call: editMessages((message) => {
          const { content } = message;
          return typeof content === "string" ? { ...message, content: content.replaceAll("\u2028", "\n") } : message;
        }),
      },
    ],
    async run(context) {
      // The text in, behind `@@rest`, and the text out are the same.
      const messages = [{ role: "user", content: `@@rest\n${odd}` }];
      const answer = await ask(context, { messages });
      expectAccepted(answer, "odd characters");
      expectEqual(toContent(answer), odd, "the text of the answer");
      const reading = readStream(await ask(context, { messages, stream: true }));
      expectEqual(toText(reading), odd, "the text of the stream");
    },
  },
]);
