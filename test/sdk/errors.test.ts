import { describe, expect } from "vitest";
import { testToken } from "../gateway.fixture.ts";
import { ask, rejection, type Sdk, sdks, startSdkTest, test } from "./clients.fixture.ts";

interface Refusal {
  readonly title: string;
  readonly body: ReturnType<typeof ask> & { readonly temperature?: number; readonly n?: number };
  readonly error: keyof Sdk["errors"];
  readonly want: {
    readonly status: number;
    readonly code: string;
    readonly param: string | null;
    readonly type: string;
  };
  readonly says: RegExp;
}

const invalid = "invalid_request_error";
const refusals: readonly Refusal[] = [
  {
    title: "no messages",
    body: { model: "openclaw", messages: [] },
    error: "BadRequestError",
    want: { status: 400, code: "empty_array", param: "messages", type: invalid },
    says: /messages/,
  },
  {
    title: "a temperature out of range",
    body: { ...ask("@@echo hi"), temperature: 3 },
    error: "BadRequestError",
    want: { status: 400, code: "decimal_above_max_value", param: "temperature", type: invalid },
    says: /temperature/,
  },
  {
    title: "two choices",
    body: { ...ask("@@echo hi"), n: 2 },
    error: "BadRequestError",
    want: { status: 400, code: "unsupported_value", param: "n", type: invalid },
    says: /'n'/,
  },
  {
    title: "a model that is no agent",
    body: { ...ask("@@echo hi"), model: "gpt-4o" },
    error: "NotFoundError",
    want: { status: 404, code: "model_not_found", param: "model", type: invalid },
    says: /'gpt-4o'/,
  },
  {
    title: "a rate limit",
    body: ask('@@fail code=rate_limit_exceeded retry-after=1 message="slow down, please"'),
    error: "RateLimitError",
    want: { status: 429, code: "rate_limit_exceeded", param: null, type: "rate_limit_error" },
    says: /slow down, please/,
  },
  {
    title: "a model that fails",
    body: ask('@@fail code=upstream_error message="the model broke"'),
    error: "InternalServerError",
    want: { status: 502, code: "upstream_error", param: null, type: "server_error" },
    says: /the model broke/,
  },
  {
    title: "a model that is away",
    body: ask("@@fail code=upstream_unavailable"),
    error: "InternalServerError",
    want: { status: 503, code: "upstream_unavailable", param: null, type: "server_error" },
    says: /./,
  },
  {
    title: "a context that is too long",
    body: ask("@@fail code=context_length_exceeded"),
    error: "BadRequestError",
    want: { status: 400, code: "context_length_exceeded", param: null, type: invalid },
    says: /./,
  },
];

/** The older majors have `request_id`, the newer ones `requestID`. */
function toRequestId(error: object): unknown {
  return "requestID" in error ? error.requestID : (error as { request_id?: unknown }).request_id;
}

describe.each(sdks)("openai $major", (sdk) => {
  test.for(refusals)("$title is a $error in every mode", async ({ body, error: name, want, says }, { connect }) => {
    const { client, helpers } = connect(sdk);
    const kind = sdk.errors[name] as new (...args: never[]) => Error;
    const attempts = [
      client.chat.completions.create(body),
      client.chat.completions.create({ ...body, stream: true }),
      helpers.stream(body).finalChatCompletion(),
    ];
    for (const error of await Promise.all(attempts.map((attempt) => rejection(attempt, kind)))) {
      expect(error).toMatchObject(want);
      expect(error.message).toMatch(says);
      expect(toRequestId(error)).toMatch(/^req_[0-9a-f]{24}$/);
    }
  });

  test("a wrong key is an AuthenticationError whatever is asked", async ({ connect }) => {
    const { client, sent } = connect(sdk, { client: { apiKey: `${testToken}x`, maxRetries: 2 } });
    const attempts = [
      client.chat.completions.create(ask("@@echo hi")),
      client.chat.completions.create({ ...ask("@@echo hi"), stream: true }),
      client.models.retrieve("gpt-4o"),
    ];
    const errors = await Promise.all(attempts.map((attempt) => rejection(attempt, sdk.errors.AuthenticationError)));
    for (const error of errors) {
      expect(error).toMatchObject({ status: 401, code: "invalid_api_key", param: null });
      expect(toRequestId(error)).toMatch(/^req_[0-9a-f]{24}$/);
      expect(error.message).not.toContain(testToken);
    }
    expect(sent.count).toBe(3);
  });

  test("a disabled endpoint is a NotFoundError", async () => {
    const off = { gateway: { http: { endpoints: { chatCompletions: { enabled: false } } } } };
    const { client } = await startSdkTest(sdk, { config: off });
    const error = await rejection(client.chat.completions.create(ask("@@echo hi")), sdk.errors.NotFoundError);
    expect(error).toMatchObject({ status: 404, code: "not_found" });
  });

  test("a defect is an InternalServerError that tells nothing of it", async () => {
    const { client, gateway } = await startSdkTest(sdk, { expectErrors: true });
    const attempt = client.chat.completions.create(ask("@@crash secret of /home/x.ts"));
    const error = await rejection(attempt, sdk.errors.InternalServerError);
    expect(error).toMatchObject({ status: 500, code: "internal_error" });
    expect(JSON.stringify([error.message, error])).not.toContain("secret of");
    expect(gateway.log.some((line) => JSON.stringify(line).includes("secret of"))).toBe(true);
  });
});
