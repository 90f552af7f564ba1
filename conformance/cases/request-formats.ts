import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectThat, isObject } from "../expect.ts";
import { without } from "../self-test/edit.ts";
import { editBody, editMessages } from "../self-test/edits/requests.ts";
import { ask, describe, expectAccepted, expectRefused, isWithin, refuses, toError } from "./request-check.ts";
import { toText } from "./request-history.ts";

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

function toImage(url: string): object[] {
  return [{ role: "user", content: [toText("What is this?"), { type: "image_url", image_url: { url } }] }];
}

export const requestFormatCases = defineCases([
  {
    id: "REQ-34",
    level: "DOC",
    requirement: "A `response_format` of an unknown type is refused with 400 that names `response_format`.",
    source: "OpenAI's document: CreateChatCompletionRequest.response_format; llama.cpp tests the same",
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "request-param-missing",
      "fields-ignored",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "format-unknown-ignored",
        what: "A `response_format` of an unknown type is ignored: the client gets prose.",
        call: editBody((body) => {
          const { response_format: format } = body;
          const isKnown = isObject(format) && /^(text|json_object|json_schema)$/.test(String(format["type"]));
          return isKnown ? undefined : without(body, "response_format");
        }),
      },
    ],
    run: refuses(
      [{ response_format: { type: "sound" } }, { response_format: {} }, { response_format: "json_object" }],
      "response_format",
    ),
  },
  {
    id: "REQ-35",
    level: "DOC",
    requirement: "A `json_schema` format without `json_schema` or without its name is refused with 400.",
    source: "OpenAI's document: ResponseFormatJsonSchema.required, .json_schema.required",
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "fields-ignored",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "format-schema-incomplete",
        what: "A `json_schema` without its parts is any JSON.",
        call: editBody((body) => {
          const { response_format: format } = body;
          if (!isObject(format) || format["type"] !== "json_schema") return undefined;
          const { json_schema: schema } = format;
          return isObject(schema) && "name" in schema
            ? undefined
            : { ...body, response_format: { type: "json_object" } };
        }),
      },
    ],
    run: refuses([
      { response_format: { type: "json_schema", json_schema: { schema: { type: "object" } } } },
      { response_format: { type: "json_schema" } },
    ]),
  },
  {
    id: "REQ-48",
    level: "SHOULD",
    requirement:
      "Images come as data URLs; a broken one, a `file:` URL and the address of a private machine are refused with 400 and never fetched.",
    source:
      "OpenAI's document: ChatCompletionRequestMessageContentPartImage; CWE-918: the client would choose what the server's network is asked for",
    needs: ["vision"],
    limitMs: 45_000,
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "parts-refused",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "image-any-url",
        what: "The address of an image is not looked at.",
        call: editMessages((message) =>
          toTypes(message["content"]).includes("image_url") ? { ...message, content: "What is this?" } : message,
        ),
      },
      {
        id: "image-fetched",
        what: "Images are fetched from wherever the client says, also from the server's own machine (CWE-918).",
        call: editBody((body) => {
          const [url] = /http:\/\/127\.0\.0\.1:\d+\/image\.png/.exec(JSON.stringify(body)) ?? [];
          if (url !== undefined) fetch(url).catch(() => undefined);
          return undefined;
        }),
      },
    ],
    async run(context) {
      expectAccepted(await ask(context, { messages: toImage(`data:image/png;base64,${pixel}`) }), "an image");
      const urls = ["data:image/png;base64", "data:image/png;base64,%%%", "no url", "file:///etc/passwd"];
      for (const url of [...urls, "http://169.254.169.254/latest/meta-data/"]) await expectImageRefused(context, url);
      if (isLocal(context)) await expectNotFetched(context);
    },
  },
  {
    id: "REQ-49",
    level: "SHOULD",
    requirement:
      "An audio or file part that cannot be used is refused with 400 that names the part, and not left out in silence.",
    source: "OpenAI's document: ChatCompletionRequestMessageContentPartAudio, …File; Error.param",
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "request-param-missing",
      "request-param-whole-message",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "parts-unknown-dropped",
        what: "Parts of a kind that the model cannot take are left out in silence.",
        call: editMessages((message) => {
          const isUsed = toTypes(message["content"]).every((type) => type === "text" || type === "image_url");
          return isUsed ? message : { ...message, content: "" };
        }),
      },
    ],
    async run(context) {
      // Nobody can use these: four characters are no recording, and nobody has uploaded the file.
      const parts = [
        { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
        { type: "file", file: { file_id: "file-that-nobody-has-uploaded" } },
      ];
      for (const part of parts) {
        const what = `a useless ${part.type} part`;
        const answer = await ask(context, { messages: [{ role: "user", content: [part] }] });
        // A server that keeps files may say that there is no such file.
        if (part.type === "file" && answer.status === 404 && toError(answer) !== undefined) continue;
        expectRefused(answer, what);
        const param = toError(answer)?.["param"];
        expectThat(isWithin(param, "messages[0].content[0]"), `error.param to name the part, for ${what}`, param);
      }
    },
  },
]);

async function expectImageRefused(context: CaseContext, url: string): Promise<void> {
  expectRefused(await ask(context, { messages: toImage(url) }), `the image ${url}`);
}

/** Only then is the suite's own loopback address the server's as well. */
function isLocal({ subject }: CaseContext): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(subject.baseUrl).hostname);
}

/** Offers an image on the machine of the server, which a careful server does not fetch. */
async function expectNotFetched(context: CaseContext): Promise<void> {
  let fetches = 0;
  const bait = createServer((_request, response) => {
    fetches++;
    response.setHeader("content-type", "image/png").end(Buffer.from(pixel, "base64"));
  });
  await new Promise<void>((resolve) => void bait.listen(0, "127.0.0.1", resolve));
  try {
    const port = context.observe("bait", () => (bait.address() as AddressInfo).port);
    const url = `http://127.0.0.1:${port}/image.png`;
    const answer = await ask(context, { messages: toImage(url) });
    expectEqual(
      context.observe("fetches", () => fetches),
      0,
      "how often the server fetched an image from a private address",
    );
    expectThat(answer.status === 400, `400 for the image ${url}`, describe(answer));
  } finally {
    bait.closeAllConnections();
    bait.close();
  }
}

function toTypes(content: unknown): unknown[] {
  return Array.isArray(content) ? content.map((part: unknown) => (isObject(part) ? part["type"] : undefined)) : [];
}
