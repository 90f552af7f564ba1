import { expectVerdicts, type Row } from "./contract-verdict.fixture.ts";
import { test } from "../gateway.fixture.ts";

const hi = { role: "user", content: "hi" };
const text = { type: "text", text: "hi" };
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const png = `data:image/png;base64,${pixel}`;
const content = "messages[0].content";
const url = `${content}[0].image_url.url`;

function of(...messages: unknown[]): object {
  return { messages };
}

/** A message that stands second, after a plain one. */
function second(message: unknown): object {
  return of(hi, message);
}

function parts(...list: unknown[]): object {
  return of({ role: "user", content: list });
}

function image(link: unknown, more: object = {}): object {
  return parts({ type: "image_url", image_url: { url: link, ...more } });
}

function audio(format: string, bytes = "AAAA"): object {
  return parts({ type: "input_audio", input_audio: { data: bytes, format } });
}

function file(value: object): object {
  return { type: "file", file: value };
}

const lists: readonly Row[] = [
  ["a text", { messages: "hi" }, "invalid_type", "messages"],
  ["an object", { messages: hi }, "invalid_type", "messages"],
  ["a number", { messages: 1 }, "invalid_type", "messages"],
  ["null", { messages: null }, "invalid_type", "messages"],
  ["absent", { messages: undefined }, "missing_required_parameter", "messages"],
  ["empty", { messages: [] }, "empty_array", "messages"],
  ["2,048 messages", of(...Array.from({ length: 2048 }, () => hi))],
  ["2,049 messages", of(...Array.from({ length: 2049 }, () => hi)), "array_above_max_length", "messages"],
  ["a text within", of("hi"), "invalid_type", "messages[0]"],
  ["null within", second(null), "invalid_type", "messages[1]"],
  ["a list within", second([hi]), "invalid_type", "messages[1]"],
  ["no role", second({ content: "hi" }), "missing_required_parameter", "messages[1].role"],
  ["an unknown role", second({ role: "alien", content: "hi" }), "invalid_value", "messages[1].role"],
  ["a role in capitals", second({ role: "User", content: "hi" }), "invalid_value", "messages[1].role"],
  ["a role that is a number", second({ role: 1, content: "hi" }), "invalid_type", "messages[1].role"],
  ["a role that is null", second({ role: null, content: "hi" }), "invalid_type", "messages[1].role"],
  ["a role of JavaScript", second({ role: "__proto__", content: "hi" }), "invalid_value", "messages[1].role"],
];

const users: readonly Row[] = [
  ["no content", of({ role: "user" }), "missing_required_parameter", content],
  ["null", of({ role: "user", content: null }), "invalid_type", content],
  ["a number", of({ role: "user", content: 1 }), "invalid_type", content],
  ["an object", of({ role: "user", content: { text: "hi" } }), "invalid_type", content],
  ["no parts", parts(), "empty_array", content],
  ["an empty text", of({ role: "user", content: "" })],
  ["a name", of({ ...hi, name: "Ada L." })],
  ["a name that is a number", of({ ...hi, name: 1 }), "invalid_type", "messages[0].name"],
  ["parts", parts(text, text)],
  ["a part without a type", parts({ text: "hi" }), "missing_required_parameter", `${content}[0].type`],
  ["an unknown part", parts(text, { type: "video" }), "invalid_value", `${content}[1].type`],
  ["a part that is a text", parts("hi"), "invalid_type", `${content}[0]`],
  ["a text part without text", parts({ type: "text" }), "missing_required_parameter", `${content}[0].text`],
  ["a text part with null", parts({ type: "text", text: null }), "invalid_type", `${content}[0].text`],
  ["a text part with a cache mark", parts({ ...text, cache_control: { type: "ephemeral" } })],
  ["an image", image(png)],
  ["an image with a detail", image(png, { detail: "low" })],
  ["an image with its scheme in capitals", image(png.replace("data:image/png", "DATA:IMAGE/PNG"))],
  ["a wrong detail", image(png, { detail: "x" }), "invalid_value", `${content}[0].image_url.detail`],
  ["an image of the web", image("https://a.example/b.png"), "image_url_not_allowed", url],
  ["an image of this network", image("HTTP://169.254.169.254/"), "image_url_not_allowed", url],
  ["an image of this machine", image("file:///etc/passwd"), "invalid_value", url],
  ["an image that is a page", image("data:text/html;base64,PGI+"), "invalid_value", url],
  ["an image that is a drawing", image("data:image/svg+xml;base64,PGI+"), "invalid_value", url],
  ["an image that is not base64", image("data:image/png,x"), "invalid_value", url],
  ["an image without data", image("data:image/png;base64,"), "invalid_value", url],
  ["an empty image url", image(""), "empty_string", url],
  ["an image url that is a number", image(1), "invalid_type", url],
  ["an image without a url", image(undefined), "missing_required_parameter", url],
  ["an image that is a text", parts({ type: "image_url", image_url: png }), "invalid_type", `${content}[0].image_url`],
  ["audio, which the model does not read", audio("wav"), "unsupported_value", `${content}[0]`],
  ["audio that is not base64", audio("wav", "x"), "invalid_value", `${content}[0].input_audio.data`],
  ["audio of a wrong format", audio("ogg"), "invalid_value", `${content}[0].input_audio.format`],
  ["a file, which the model does not read", parts(file({ file_data: "AAAA" })), "unsupported_value", `${content}[0]`],
  ["a file elsewhere", parts(text, file({ file_id: "x" })), "unsupported_value", `${content}[1].file.file_id`],
  ["a file that is nowhere", parts(file({ filename: "x" })), "invalid_value", `${content}[0].file`],
  [
    "a file here and elsewhere",
    parts(file({ file_id: "x", file_data: "AAAA" })),
    "invalid_value",
    `${content}[0].file`,
  ],
  ["a file that is not base64", parts(file({ file_data: "x" })), "invalid_value", `${content}[0].file.file_data`],
  ["a refusal", parts({ type: "refusal", refusal: "x" }), "invalid_value", `${content}[0].type`],
];

const instructions: readonly Row[] = [
  [
    "system and developer, anywhere",
    of(hi, { role: "system", content: "a" }, { role: "developer", content: [text] }, hi),
  ],
  ["alone", of({ role: "system", content: "a" })],
  ["with a name", of({ role: "developer", content: "a", name: "b" }, hi)],
  ["without content", of({ role: "system" }), "missing_required_parameter", content],
  ["with null", of({ role: "system", content: null }), "invalid_type", content],
  ["with no parts", of({ role: "developer", content: [] }), "empty_array", content],
  [
    "with a refusal",
    of({ role: "developer", content: [{ ...text, type: "refusal" }] }),
    "invalid_value",
    `${content}[0].type`,
  ],
];

test.for<[what: string, rows: readonly Row[]]>([
  ["the list of messages", lists],
  ["a message of the user", users],
  ["an instruction", instructions],
])("%s is read, or refused by its code and its place", async ([, rows], { gateway }) => {
  await expectVerdicts(gateway, rows);
});
