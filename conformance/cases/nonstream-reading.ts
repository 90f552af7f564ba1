import type { CaseContext } from "../context.ts";
import { expectArray, expectObject, expectThat } from "../expect.ts";
import type { WireAnswer } from "../lens/wire.ts";

export type Json = Record<string, unknown>;

/** The body of an answer that should be a completion. A byte-order mark is a finding of one case, not of all. */
export function toBody(answer: WireAnswer): Json {
  expectThat(answer.status === 200, "an answer with status 200", `${answer.status} ${answer.text.slice(0, 200)}`);
  const json = answer.json ?? parseJson(answer.text.replace(/^\uFEFF/, ""));
  expectThat(json !== undefined, "a JSON body", answer.text);
  expectObject(json, "the body");
  return json;
}

export function toChoices(body: Json): Json[] {
  const { choices } = body;
  expectArray(choices, "choices");
  return choices.map((choice, place) => {
    expectObject(choice, `choices[${place}]`);
    return choice;
  });
}

export function toFirstChoice(body: Json): Json {
  const [choice] = toChoices(body);
  expectThat(choice !== undefined, "a choice", "choices: []");
  return choice;
}

export function toMessage(body: Json): Json {
  const { message } = toFirstChoice(body);
  expectObject(message, "choices[0].message");
  return message;
}

export function toContent(body: Json): unknown {
  return toMessage(body)["content"];
}

/** An answer to a short question, of its own and not shared. */
export async function askBriefly({ chat, say }: CaseContext, fields: object = {}): Promise<WireAnswer> {
  return chat(say("Say hi.", fields));
}

/** Fails unless the key is there, whatever its value. */
export function expectKey(object: Json, key: string, where: string): void {
  expectThat(Object.hasOwn(object, key), `the key \`${key}\` in ${where}`, Object.keys(object));
}

/** The media type, without its parameters. */
export function toMediaType({ headers }: WireAnswer): string {
  return (headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Which no JSON text can say.
  }
}
