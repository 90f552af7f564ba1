import fc from "fast-check";
import { expect } from "vitest";
import {
  type ChatCompletionRequest,
  type ErrorBody,
  errorCodes,
  type Message,
  operations,
  requestFields,
} from "../../src/base/contract.ts";
import { toArbitrary } from "./contract-arbitrary.ts";
import { type SharedGateway, test } from "../gateway.fixture.ts";

const seed = 20_260_823;
const { checkBody } = operations.createChatCompletion;

type Key = string | number;

/** Bodies that the contract allows, for an agent that exists and without a session. */
const anyBodies = toArbitrary({ $ref: "#/components/schemas/ChatCompletionRequest" }).map((body) => {
  const { user: _, ...rest } = body as ChatCompletionRequest;
  return { ...rest, model: "openclaw" };
});

const refusedFields = Object.entries(requestFields).flatMap(([name, row]) => ("accepts" in row ? [name] : []));

/** The same without what is refused for its meaning, so that the run itself is reached. */
function mend({
  functions,
  function_call: call,
  messages,
  tool_choice: choice,
  ...rest
}: ChatCompletionRequest): object {
  const legacy = rest.tools === undefined && functions !== undefined;
  const kept = Object.entries(rest).filter(([name]) => !refusedFields.includes(name));
  return {
    ...Object.fromEntries(kept),
    ...(rest.stream_options == null ? {} : { stream: true }),
    ...(legacy ? { functions, function_call: typeof call === "string" ? call : "auto" } : {}),
    ...(typeof choice === "string" && rest.tools?.length ? { tool_choice: choice } : {}),
    messages: messages
      .filter(({ role }) => role !== "tool")
      .map(mendMessage)
      .concat({ role: "user", content: "Call f" }),
  };
}

function mendMessage(message: Message): Message {
  if (message.role !== "user" || typeof message.content === "string") return message;
  const texts = message.content.filter(({ type }) => type === "text");
  return { ...message, content: texts.length > 0 ? texts : "no text" };
}

const bodies = fc.oneof({ weight: 1, arbitrary: anyBodies }, { weight: 3, arbitrary: anyBodies.map(mend) });

/** What does not belong there, and what might pass for what does. */
const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(null, true, -1, 0.5, 1e300, "", "function", "text", [], {}, [[]], { type: "text" }, { role: "user" }),
);

/** The places of a value, itself left out. */
function listPlaces(value: unknown, path: readonly Key[] = []): Key[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => {
    const place = [...path, Array.isArray(value) ? Number(name) : name];
    return [place, ...listPlaces(item, place)];
  });
}

function replace(value: unknown, [key, ...rest]: readonly Key[], by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((item, index): unknown => (index === key ? replace(item, rest, by) : item));
  const entries = Object.entries(value as object).map(([name, item]) => [
    name,
    name === key ? replace(item, rest, by) : item,
  ]);
  return Object.fromEntries(entries) as unknown;
}

/** As OpenAI writes it: `messages[2].content`. */
function toPath(place: readonly Key[]): string {
  return place.map((key, at) => (/^\d+$/.test(String(key)) ? `[${key}]` : at === 0 ? key : `.${key}`)).join("");
}

interface Spoilt {
  readonly body: unknown;
  readonly place: readonly Key[];
}

const spoilt: fc.Arbitrary<Spoilt> = fc.tuple(bodies, fc.nat(), junk).map(([body, pick, by]) => {
  const places = listPlaces(body);
  const place = places[pick % places.length] ?? [];
  // What arrives is what JSON can say.
  return { place, body: JSON.parse(JSON.stringify(replace(body, place, by))) as unknown };
});

async function send(
  { request }: SharedGateway,
  body: unknown,
): Promise<{ status: number; error?: ErrorBody["error"] }> {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await request("/v1/chat/completions", init);
  const text = await response.text();
  return response.ok ? { status: response.status } : { status: response.status, ...(JSON.parse(text) as ErrorBody) };
}

/** What the gateway may find in a body that its guard has passed. */
const meaningful = ["invalid_value", "unsupported_value", "model_not_found"];

function expectServedOrRefused({ status, error }: Awaited<ReturnType<typeof send>>): void {
  if (status === 200) return;
  expect(meaningful).toContain(error?.code);
  expect(error?.param).toEqual(expect.any(String));
}

test("a body that the contract allows is answered, or refused for what it means", async ({ gateway }) => {
  let answered = 0;
  const property = fc.asyncProperty(bodies, async (body) => {
    expect(checkBody(body)).toBeUndefined();
    const answer = await send(gateway, body);
    expectServedOrRefused(answer);
    if (answer.status === 200) answered++;
  });
  await fc.assert(property, { seed, numRuns: 200 });
  expect(answered).toBeGreaterThan(50);
});

test("a body with junk in one place is refused exactly when its check says so, by the check's words and near the place", async ({
  gateway,
}) => {
  const seen = { passed: 0, refused: 0 };
  const property = fc.asyncProperty(spoilt, async ({ body, place }) => {
    const answer = await send(gateway, body);
    const violation = checkBody(body);
    if (violation === undefined) {
      seen.passed++;
      return expectServedOrRefused(answer);
    }
    seen.refused++;
    const isResponses = typeof body === "object" && body !== null && "input" in body && !("messages" in body);
    if (isResponses) return expect(answer.error?.code).toBe("responses_request");
    const { code, param, message } = violation;
    expect(answer).toEqual({ status: 400, error: { code, param, message, type: errorCodes[code].type } });
    expect(violation.param?.startsWith(toPath(place.slice(0, -1))), `${violation.param} for ${toPath(place)}`).toBe(
      true,
    );
  });
  await fc.assert(property, { seed, numRuns: 400 });
  expect(seen.passed).toBeGreaterThan(50);
  expect(seen.refused).toBeGreaterThan(50);
});

test("any JSON at all is refused with a status of the contract", async ({ gateway }) => {
  const property = fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (body) => {
    const { status, error } = await send(gateway, body);
    expect(status).toBe(400);
    expect(["missing_required_parameter", "invalid_type", "invalid_value", "responses_request"]).toContain(error?.code);
  });
  await fc.assert(property, { seed, numRuns: 200 });
});
