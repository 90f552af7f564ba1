// What is seen without the fixture: servers whose model says what it likes, judged by what they do with it.
import { describe, expect, test } from "vitest";
import { type Body, judge, type Said, type Talk, toWords } from "./talker.fixture.ts";

const toPart = (fields: Body): Body => ({ tool_calls: [{ index: 0, ...fields }] });
const words = Array.from({ length: 40 }, (_, place) => `word${place} `);
const call = [
  toPart({ id: "c1", type: "function", function: { name: "write_letter", arguments: "" } }),
  ...['{"text":"', ...words, '"}'].map((piece) => toPart({ function: { arguments: piece } })),
];
const isCall = (delta: Body): boolean => "tool_calls" in delta;

describe("a server whose calls", () => {
  const serve =
    (said: Omit<Said, "deltas">, deltas: readonly Body[] = call): Talk =>
    ({ tools }) =>
      Array.isArray(tools) ? { pauseMs: 15, ...said, deltas } : { pauseMs: 15, deltas: toWords(words) };
  test.for<[what: string, talk: Talk, verdict: string]>([
    ["come while they are said passes", serve({}), "pass"],
    ["come at the end is warned", serve({ isHeld: isCall }), "warn"],
    ["are short is not judged", serve({ isHeld: isCall }, call.slice(0, 4)), "skip"],
    [
      "come at the end as its text does is judged by its text",
      () => ({ deltas: [...toWords(words), ...call] }),
      "skip",
    ],
  ])("%s", { timeout: 60_000 }, async ([, talk, verdict]) => {
    expect(await judge("TOOL-26", talk)).toEqual([verdict]);
  });
});

const isImpossible = ({ model, messages, temperature, max_tokens: tokens }: Body): boolean =>
  model !== "m" ||
  typeof temperature === "string" ||
  typeof tokens === "string" ||
  !Array.isArray(messages) ||
  messages.some((one: unknown) => JSON.stringify(one).includes("nobody"));

describe("a server that tells what cannot be done", () => {
  const serve =
    (refuse: (body: Body, asked: number) => ReturnType<Talk>): Talk =>
    (body, asked) =>
      isImpossible(body) ? refuse(body, asked) : { deltas: toWords(["Blue", "."]) };
  const error = { message: "The model does not exist.", type: "invalid_request_error", param: "model", code: null };
  const say = (text: string): Said => ({ deltas: toWords([text]) });
  test.for<[what: string, talk: Talk, verdict: string]>([
    ["by a status passes", serve(() => ({ status: 400, json: { error } })), "pass"],
    ["in the assistant's words is warned", serve(() => say("Error: 404 the model is not available")), "warn"],
    [
      "in the assistant's words of a stream is warned",
      serve(({ stream }) => (stream === true ? say("Sorry, something went wrong.") : { status: 404, json: { error } })),
      "warn",
    ],
    ["by an error with status 200 is warned", serve(() => ({ status: 200, json: { error } })), "warn"],
    [
      "by an error of its own shape with status 200 is warned",
      serve(() => ({ status: 200, json: { object: "error", message: "The model does not exist.", code: 404 } })),
      "warn",
    ],
    ["by nothing, and answers, passes here", serve(() => say("Blue")), "pass"],
    ["by an odd answer, once, passes", serve((_, asked) => say(asked % 2 === 0 ? "No error, blue" : "Hm")), "pass"],
    ["in answers that always speak of errors is not judged", () => say("That is an error."), "skip"],
  ])("%s", async ([, talk, verdict]) => {
    expect(await judge("ERR-24", talk)).toEqual([verdict]);
  });
});

describe("a server that counts", () => {
  const texts = [
    "one two three four five six seven eight",
    "One, two, three, four, five, six, seven.",
    "1 one two three four",
  ];
  const serve =
    (count: (length: number, isStream: boolean, asked: number) => Body): Talk =>
    ({ stream }, asked) => {
      const text = texts[asked % texts.length] ?? "";
      const { completion_tokens: completion, ...more } = count(text.length, stream === true, asked);
      const usage = { prompt_tokens: 9, completion_tokens: completion, total_tokens: 9 + Number(completion), ...more };
      return { deltas: toWords([text]), usage };
    };
  test.for<[what: string, talk: Talk, verdict: string]>([
    ["tokens in both modes passes", serve((length) => ({ completion_tokens: Math.round(length / 4) })), "pass"],
    [
      "chunks in streams is warned",
      serve((length, isStream) => ({ completion_tokens: isStream ? 1 : Math.round(length / 4) })),
      "warn",
    ],
    [
      "characters in whole answers is warned",
      serve((length, isStream) => ({ completion_tokens: isStream ? Math.round(length / 4) : length })),
      "warn",
    ],
    [
      "what is thought as well, and says so, passes",
      serve((length, _, asked) => ({
        completion_tokens: Math.round(length / 4) + asked * 50,
        completion_tokens_details: { reasoning_tokens: asked * 50 },
      })),
      "pass",
    ],
    [
      "what is thought in secret is not judged",
      serve((length, isStream, asked) => ({
        completion_tokens: Math.round(length / 4) + (isStream ? 200 + asked * 97 : 0),
      })),
      "skip",
    ],
  ])("%s", async ([, talk, verdict]) => {
    expect(await judge("USE-12", talk)).toEqual([verdict]);
  });
});
