import { Ajv2020 } from "ajv/dist/2020.js";
import type { CaseContext } from "../context.ts";
import { expectThat, Failure, show } from "../expect.ts";
import type { WireAnswer } from "../lens/wire.ts";
import { toContent } from "./sdk-answer.ts";
import { parseJson } from "./tools-calls.ts";

/** A schema of the kind that every server with structured output takes. */
export const filmSchema = {
  type: "object",
  properties: {
    title: { type: "string" },
    year: { type: "integer" },
    genre: { type: "string", enum: ["comedy", "drama", "horror"] },
    tags: { type: "array", items: { type: "string" } },
  },
  required: ["title", "year", "genre", "tags"],
  additionalProperties: false,
};

export function toFormat(schema: Record<string, unknown>, name = "film") {
  return { type: "json_schema" as const, json_schema: { name, strict: true, schema } };
}

export const filmFormat = toFormat(filmSchema);
export const filmPrompt = "Describe the film Alien of 1979 in JSON.";
/** A film with everything that quoting and escaping can spoil. */
export const film = {
  title: 'The \u201cquoted\u201d "film" \\ \u{1F3AC}\n{second line}',
  year: 1979,
  genre: "horror",
  tags: ["a,b", "```json", "}"],
};

/** An answer in the schema, asked once for all cases that only look at it. */
export function askFilm(context: CaseContext): Promise<WireAnswer> {
  return context.once("film", () => context.chat(context.say(filmPrompt, { response_format: filmFormat })));
}

/** Fails unless the text is JSON that the schema allows; returns the value. */
export function expectValid(text: unknown, schema: Record<string, unknown>, what: string): unknown {
  const value = parseJson(text);
  expectThat(value !== undefined, `${what} to be JSON and nothing else`, text);
  expectMatch(value, schema, what);
  return value;
}

export function expectMatch(value: unknown, schema: Record<string, unknown>, what: string): void {
  const { $schema: _named, ...bare } = schema;
  const validate = new Ajv2020({ strict: false }).compile(bare);
  if (validate(value)) return;
  const [finding] = validate.errors ?? [];
  throw new Failure(`${what} to follow the schema`, `${show(value)}: ${finding?.instancePath} ${finding?.message}`);
}

/** Whether the text is nothing but one JSON object. */
export function isBareObject(text: string): boolean {
  const bare = text.trim();
  return bare.startsWith("{") && bare.endsWith("}") && parseJson(bare) !== undefined;
}

export async function askFilmText(context: CaseContext): Promise<string> {
  return toContent(await askFilm(context));
}
