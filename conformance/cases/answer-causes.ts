import { defineCauses, type Evidence } from "../tell/cause.ts";
import { isObject } from "../expect.ts";
import { shownBytesMax } from "../lens/exchange.ts";

const envelope = ["ERR-*", "ROUTE-*", "REQ-*", "MOD-*", "AUTH-*", "ROB-*", "LIM-*", "HDR-*", "CONC-*"];
const shapes = ["NS-*", "SS-*", "SE-*", "SDK-*", "USE-*", "TOOL-*", "SO-*"];

export const answerCauses = defineCauses([
  {
    id: "error-envelope",
    cases: envelope,
    shows: ({ expected, call, answer }) =>
      expected.includes("error") &&
      call.status >= 400 &&
      !(isObject(answer?.["error"]) && typeof answer["error"]["message"] === "string")
        ? 'Errors are not OpenAI\'s: there is no `{"error":{"message":…}}` in the body.'
        : undefined,
  },
  {
    id: "error-fields",
    cases: ["ERR-*", "ROUTE-*", "REQ-*", "MOD-*", "AUTH-*"],
    shows: ({ words, call, answer }) => {
      const error = call.status >= 400 && isObject(answer?.["error"]) ? answer["error"] : undefined;
      const missing = ["message", "type", "param", "code"].filter((name) => error !== undefined && !(name in error));
      return missing.some((name) => words.includes(name)) ? `Errors lack ${toList(missing)}.` : undefined;
    },
  },
  {
    id: "answer-fields",
    cases: shapes,
    shows: (evidence) => {
      const missing = findMissing(evidence);
      return missing.some((name) => evidence.words.includes(name)) ? `Answers lack ${toList(missing)}.` : undefined;
    },
  },
  {
    id: "no-usage",
    cases: ["USE-*", "SDK-*", "NS-*", "LIM-*"],
    shows: ({ words, call, text }) =>
      words.includes("usage") && call.status === 200 && !/"usage"\s*:\s*\{/.test(text)
        ? "Answers have no `usage`."
        : undefined,
  },
  {
    id: "no-stream",
    cases: ["SS-*", "SE-*", "SDK-*", "TOOL-*", "USE-*", "ABRT-*", "SO-*", "ERR-*", "CONC-*", "HDR-*", "REAS-*"],
    shows: ({ asked, call, text }) =>
      asked["stream"] === true && call.status === 200 && !text.includes("data:")
        ? "`stream: true` is answered without a stream of events."
        : undefined,
  },
  {
    id: "no-request-id",
    cases: ["HDR-*", "SDK-*", "ERR-*"],
    shows: ({ words, call }) =>
      words.includes("x-request-id") && call.status > 0 && call.headers["x-request-id"] === undefined
        ? "Answers have no `x-request-id`."
        : undefined,
  },
  {
    id: "any-model",
    cases: ["MOD-*", "ERR-*", "ROUTE-*"],
    shows: ({ asked, call }) =>
      call.status === 200 && typeof asked["model"] === "string" && /no-such/.test(asked["model"])
        ? "A model that does not exist answers as if it did."
        : undefined,
  },
  {
    id: "no-key",
    cases: ["AUTH-*", "ERR-*"],
    shows: ({ call }) =>
      call.status === 200 && call.requestHeaders["authorization"] === undefined
        ? "A call without a key is answered."
        : undefined,
  },
  {
    id: "silence",
    cases: [...envelope, ...shapes, "ABRT-*", "CORS-*", "REAS-*", "SESS-*"],
    shows: ({ call, text }) => {
      // As much as is kept of one: it did not keep silent. What is not ASCII has fewer characters than bytes.
      if (call.end === "limit" && text.length > shownBytesMax / 4) return "Answers do not come to an end.";
      return call.end === "limit" || /no answer within/.test(call.failure ?? "")
        ? "Calls are not answered in time."
        : undefined;
    },
  },
  {
    id: "hang-up",
    cases: [...envelope, ...shapes, "ABRT-*", "CORS-*"],
    shows: ({ call }) =>
      call.end === "none" && !/no answer within/.test(call.failure ?? "")
        ? "The connection is closed without an answer."
        : undefined,
  },
]);

/** The keys that the first choice, or what it stands in, has to have in every answer, streamed or whole. */
function findMissing({ call, answer, text }: Evidence): string[] {
  if (call.status !== 200) return [];
  const body = answer ?? toFirstChunk(text);
  if (body === undefined || !Array.isArray(body["choices"])) return [];
  const [choice] = body["choices"] as readonly unknown[];
  const of = (value: unknown, names: readonly string[]): string[] =>
    isObject(value) ? names.filter((name) => !(name in value)) : [];
  return [...of(body, ["id", "object", "created", "model"]), ...of(choice, ["index", "finish_reason"])];
}

function toFirstChunk(text: string): Record<string, unknown> | undefined {
  const line = /^data: ?(\{.*)$/m.exec(text)?.[1];
  if (line === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function toList(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}
