import OpenAI from "openai";
import * as errors7 from "openai/error";
import * as zod7 from "openai/helpers/zod";
import OpenAI4 from "openai-4";
import * as errors4 from "openai-4/error";
import * as zod4 from "openai-4/helpers/zod";
import OpenAI5 from "openai-5";
import * as errors5 from "openai-5/error";
import * as zod5 from "openai-5/helpers/zod";
import OpenAI6 from "openai-6";
import * as errors6 from "openai-6/error";
import * as zod6 from "openai-6/helpers/zod";
import {
  type SharedGateway,
  startTestGateway,
  test as gatewayTest,
  type TestGateway,
  type TestGatewayOptions,
  testToken,
} from "../gateway.fixture.ts";

/** What the majors have in common, in the types of SDK 7; that it behaves the same is what the tests show. */
export type Client = Pick<OpenAI, "chat" | "models">;
export type Helpers = Pick<OpenAI["chat"]["completions"], "parse" | "runTools" | "stream">;

export interface ClientOptions {
  readonly baseURL: string;
  readonly apiKey: string;
  readonly maxRetries: number;
  readonly logLevel: "off";
  /** Without it the SDK uses its own: `node-fetch` in major 4. */
  readonly fetch?: typeof fetch;
}

export interface Sdk {
  readonly major: 4 | 5 | 6 | 7;
  readonly errors: typeof errors7;
  readonly zod: typeof zod7;
  createClient(options: ClientOptions): Client;
  /** Where `.stream()`, `runTools` and `parse()` are. */
  toHelpers(client: Client): Helpers;
}

/** Major 4 is typed for `node-fetch`. */
type Options4 = ConstructorParameters<typeof OpenAI4>[0];

const inChat = (client: Client): Helpers => client.chat.completions;
const inBeta = (client: Client): Helpers => (client as unknown as { beta: Client }).beta.chat.completions;

// Each cast claims that an older major has what SDK 7 types.
const majors: readonly Sdk[] = [
  {
    major: 7,
    errors: errors7,
    zod: zod7,
    createClient: (options) => new OpenAI(options),
    toHelpers: inChat,
  },
  {
    major: 6,
    errors: errors6 as unknown as typeof errors7,
    zod: zod6 as unknown as typeof zod7,
    createClient: (options) => new OpenAI6(options) as unknown as Client,
    toHelpers: inChat,
  },
  {
    major: 5,
    errors: errors5 as unknown as typeof errors7,
    zod: zod5 as unknown as typeof zod7,
    createClient: (options) => new OpenAI5(options) as unknown as Client,
    toHelpers: inChat,
  },
  {
    major: 4,
    errors: errors4 as unknown as typeof errors7,
    zod: zod4 as unknown as typeof zod7,
    createClient: (options) => new OpenAI4(options as unknown as Options4) as unknown as Client,
    toHelpers: inBeta,
  },
];

const wanted = process.env["SDK_MAJORS"]?.split(" ").map(Number);

/** The majors that vitest.config.ts asks for. */
export const sdks = majors.filter(({ major }) => wanted?.includes(major) !== false);

export interface SdkTest<G = SharedGateway> {
  readonly gateway: G;
  readonly client: Client;
  readonly helpers: Helpers;
  /** How many requests the client has sent. */
  readonly sent: { count: number };
}

export interface ConnectOptions {
  readonly client?: Partial<ClientOptions>;
  /** Leaves the SDK its own `fetch`; then nothing checks the wire. */
  readonly ownFetch?: true;
}

/** `test` with `connect`, which makes a client of a major to the file's gateway. */
export const test = gatewayTest.extend("connect", ({ gateway }) => (sdk: Sdk, options: ConnectOptions = {}) => {
  return connect(gateway, sdk, options);
});

/** A gateway of the test's own, and a client of this major to it. */
export async function startSdkTest(
  sdk: Sdk,
  options: ConnectOptions & TestGatewayOptions = {},
): Promise<SdkTest<TestGateway>> {
  return connect(await startTestGateway(options), sdk, options);
}

/** The client does not retry, and its every answer is held against the contract. */
function connect<G extends SharedGateway>(gateway: G, sdk: Sdk, options: ConnectOptions): SdkTest<G> {
  const sent = { count: 0 };
  const counting: typeof fetch = (input, init) => {
    sent.count++;
    return gateway.fetch(input, init);
  };
  const client = sdk.createClient({
    baseURL: gateway.baseUrl,
    apiKey: testToken,
    maxRetries: 0,
    logLevel: "off",
    ...(options.ownFetch ? {} : { fetch: counting }),
    ...options.client,
  });
  return { gateway, client, helpers: sdk.toHelpers(client), sent };
}

/** A call of the default agent; each argument is a line. */
export function ask(...lines: readonly string[]) {
  return { model: "openclaw", messages: [{ role: "user" as const, content: lines.join("\n") }] };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** What a promise was rejected with, if it is of this class; anything else fails the test. */
export async function rejection<E extends Error>(
  promise: Promise<unknown>,
  kind: new (...args: never[]) => E,
): Promise<E> {
  const error: unknown = await promise.then(
    (value: unknown) => new Error(`resolved with ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof kind) return error;
  throw error;
}
