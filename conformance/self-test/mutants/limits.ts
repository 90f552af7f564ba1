import { gunzipSync } from "node:zlib";
import { eachChoice, eachMessage, isFinish } from "../edit.ts";
import { defineMutants } from "../mutant.ts";
import { complete, crash, isChat, refuse, toMessages } from "./request-edit.ts";

/** The limit of body-parser, the most common of them all. */
const bodyParserBytes = 100 * 1024;
const argumentsMax = 65_536;
/** A body of a few hundred KiB was not made by hand. */
const bombBytes = 64 * 1024;

export const limitMutants = defineMutants([
  {
    id: "limit-413-page",
    what: "A body over the limit is answered with the page of the web server in front.",
    killedBy: ["LIM-01"],
    answer: (answer) =>
      answer.status === 413
        ? { status: 413, headers: { "content-type": "text/html" }, body: "<h1>413 Request Entity Too Large</h1>" }
        : answer,
  },
  {
    id: "limit-413-is-500",
    what: "A body over the limit is a 500, which the SDK sends twice more.",
    killedBy: ["LIM-01"],
    answer: (answer) => (answer.status === 413 ? crash : answer),
  },
  {
    id: "limit-100-kib",
    what: "Bodies over 100 KiB are too large, as in a framework whose default nobody has changed.",
    killedBy: ["LIM-02", "ROB-09"],
    call: (call) => (isChat(call) && call.bytes.length > bodyParserBytes ? refuse(413) : undefined),
  },
  {
    id: "limit-spread",
    what: "Messages are spread into the arguments of a call, which throws from 65,536 on.",
    killedBy: ["LIM-05"],
    call: (call) => (call.body !== undefined && toMessages(call.body).length > argumentsMax ? crash : undefined),
  },
  {
    id: "limit-finish-stop",
    what: "An answer that was cut off says `stop`.",
    killedBy: ["LIM-06", "REQ-32", "REQ-50"],
    json: (body) => eachChoice(body, (choice) => ({ ...choice, finish_reason: "stop" })),
    chunk: (chunk) => (isFinish(chunk) ? eachChoice(chunk, (choice) => ({ ...choice, finish_reason: "stop" })) : chunk),
  },
  {
    id: "limit-stop-included",
    what: "The text ends with the stop sequence.",
    killedBy: ["LIM-07", "REQ-50"],
    json: (body, { body: asked }) => {
      const stop: unknown = Array.isArray(asked?.["stop"]) ? asked["stop"][0] : undefined;
      if (typeof stop !== "string") return body;
      return eachMessage(body, (message) => ({ ...message, content: `${String(message["content"])}${stop}` }));
    },
  },
  {
    id: "limit-gzip-bomb",
    what: "A gzip body is taken, however long what comes out of it.",
    killedBy: ["LIM-09"],
    call(call) {
      if (call.headers["content-encoding"] !== "gzip") return undefined;
      if (call.bytes.length > bombBytes) return complete("ok");
      return { headers: { ...call.headers, "content-encoding": undefined }, bytes: gunzipSync(call.bytes) };
    },
  },
]);
