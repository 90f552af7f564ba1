import { eachChoice } from "../edit.ts";
import { defineMutants } from "../mutant.ts";
import { complete, crash, editMessages, isChat, parse, refusalCases, refuse } from "./request-edit.ts";

let isDead = false;

export const robustMutants = defineMutants([
  {
    id: "robust-surrogates-500",
    what: "Half a pair of surrogates in a text cannot be encoded: 500.",
    killedBy: ["ROB-01"],
    call: (call) => (/\\u(?:d800|dc00)/.test(call.bytes.toString("latin1")) ? crash : undefined),
  },
  {
    id: "robust-type-error-500",
    what: "A field of the wrong type is a 500, as a method of it is called.",
    killedBy: ["ROB-01", ...refusalCases],
    answer: (answer, call) => (answer.status === 400 && isChat(call) ? { ...crash, headers: answer.headers } : answer),
  },
  {
    id: "robust-envelope-missing",
    what: "Refusals are plain text.",
    killedBy: ["ROB-01", ...refusalCases],
    answer: (answer) =>
      answer.status === 400 ? { status: 400, headers: { "content-type": "text/plain" }, body: "Bad Request" } : answer,
  },
  {
    id: "robust-worker-dies",
    what: "The worker dies of a body that does not parse, and nobody starts another.",
    killedBy: ["ROB-02"],
    call(call) {
      if (isDead) return refuse(503, { message: "no upstream" });
      isDead = isChat(call) && parse(call.bytes.toString("utf8")) === undefined;
      return undefined;
    },
  },
  {
    id: "robust-utf8-replaced",
    what: "Bytes that are not UTF-8 are replaced in silence.",
    killedBy: ["ROB-03"],
    call: (call) => ({ bytes: Buffer.from(call.bytes.toString("utf8")) }),
  },
  {
    id: "robust-chunks-decoded-alone",
    what: "Each chunk of a body is decoded alone: characters that lie in two of them are lost.",
    killedBy: ["ROB-04"],
    call: ({ headers, bytes }) =>
      headers["transfer-encoding"] === "chunked"
        ? { bytes: Buffer.from(bytes.toString("latin1").replaceAll(/[\u0080-\u00ff]/g, "\ufffd")) }
        : undefined,
  },
  {
    id: "robust-chunked-unread",
    what: "Without `Content-Length` there is no body.",
    killedBy: ["ROB-04"],
    call: ({ headers }) => (headers["transfer-encoding"] === "chunked" ? refuse(411) : undefined),
  },
  {
    id: "robust-expect-refused",
    what: "A request with `Expect` is a 500 once its body has come.",
    killedBy: ["ROB-05"],
    call: ({ headers }) => (headers.expect === undefined ? undefined : crash),
  },
  {
    id: "robust-method-unread",
    what: "PUT on the endpoint runs the model as POST does.",
    killedBy: ["ROB-07"],
    call: ({ method }) => (method === "PUT" ? { method: "POST" } : undefined),
  },
  {
    id: "robust-header-bytes-500",
    what: "A header with a letter beyond ASCII is a 500.",
    killedBy: ["ROB-08"],
    call: ({ headers }) =>
      Object.values(headers).some((one) => /[\u0080-\u00ff]/.test(String(one))) ? crash : undefined,
  },
  {
    id: "robust-prompt-cut",
    what: "Of a long prompt the first 100,000 characters are read.",
    killedBy: ["ROB-09"],
    call: editMessages((message) => {
      const { content } = message;
      return typeof content === "string" ? { ...message, content: content.slice(0, 100_000) } : message;
    }),
  },
  {
    id: "robust-break-unescaped",
    what: "Line breaks of the text are put into the stream as they are.",
    killedBy: ["ROB-10", "ROB-11"],
    frame: (frame) => frame.replaceAll(String.raw`\n`, "\n").replaceAll(String.raw`\r`, "\r"),
  },
  {
    id: "robust-control-dropped",
    what: "Control characters are taken out of the answer.",
    killedBy: ["ROB-11"],
    // oxlint-disable-next-line no-control-regex -- these are what is dropped
    json: (body) => parse(JSON.stringify(body).replaceAll(/\\u00[01][0-9a-f]/g, "")),
  },
  {
    id: "robust-separator-breaks",
    what: "U+2028 becomes a line feed, as in servers that split lines with the methods of their language.",
    killedBy: ["ROB-11"],
    call: editMessages((message) => {
      const { content } = message;
      return typeof content === "string" ? { ...message, content: content.replaceAll("\u2028", "\n") } : message;
    }),
  },
  {
    id: "robust-camel-case",
    what: "Keys are there in a second spelling: `finishReason`.",
    killedBy: ["ROB-12"],
    json: (body) => eachChoice(body, (choice) => ({ ...choice, finishReason: choice["finish_reason"] })),
  },
  {
    id: "robust-answers-anything",
    what: "A body that is not JSON is answered as a prompt.",
    killedBy: ["REQ-01", "REQ-02"],
    call: (call) => (isChat(call) && call.bytes.length > 0 && call.body === undefined ? complete("ok") : undefined),
  },
]);
