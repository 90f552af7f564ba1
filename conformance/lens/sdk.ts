import type OpenAI from "openai";
import type { ClientOptions } from "openai";
import { NoAnswer } from "../reach/blame.ts";
import { show } from "../expect.ts";
import type { Subject } from "../reach/subject.ts";
import { piecesMax } from "./collect.ts";
import { createFetch } from "./dial.ts";
import { type Exchange, shownBytesMax } from "./exchange.ts";
import { bodyBytesMax, toCallMs } from "./wire.ts";

/** The majors of the official SDK that can be looked through, and the npm alias of each. */
export const sdkPackages: Readonly<Record<number, string>> = {
  7: "openai",
  6: "openai-6",
  5: "openai-5",
  4: "openai-4",
};

/** Headers are given by name, so that those which every request needs can stand beside them; null leaves one out. */
interface SdkOptions extends Omit<Partial<ClientOptions>, "defaultHeaders"> {
  readonly defaultHeaders?: Readonly<Record<string, string | null>>;
}

/** The official SDK in one major, set up so that nothing is retried or printed. */
export interface SdkLens {
  readonly major: number;
  readonly version: string;
  /** The npm alias that it is installed under. */
  readonly packageName: string;
  readonly client: OpenAI;
  /** Another client of the same subject. Retries are off unless asked for. */
  readonly create: (options?: SdkOptions) => OpenAI;
  /** Where `stream`, `parse` and `runTools` are: under `beta` in version 4. */
  readonly helpers: OpenAI["chat"]["completions"];
  /** The module itself, for its error classes and `toFile`-like exports. */
  readonly module: SdkModule;
  /** What reaches the subject, for those who bring a `fetch` of their own: it neither counts nor keeps calls. */
  readonly fetch: typeof fetch;
  /** How many requests this lens has sent. */
  readonly requestCount: () => number;
  /** How many of them have not come to an end. */
  readonly openCount: () => number;
}

export interface SdkModule {
  readonly default: typeof OpenAI;
  readonly [name: string]: unknown;
}

/**
 * Undefined if the major is not installed. What a client has left open is cut when the signal aborts; the SDK is not told,
 * for by then nobody listens to it. Older majors are given the types of the newest; cases know the differences.
 */
export async function createSdkLens(
  major: number,
  subject: Subject,
  record: (exchange: Exchange) => void,
  signal?: AbortSignal,
): Promise<SdkLens | undefined> {
  const module = await loadSdk(major);
  if (module === undefined) return undefined;
  let [requests, ended] = [0, 0];
  const onEnd = (exchange: Exchange): void => {
    ended++;
    record(exchange);
  };
  const plain = createFetch(subject);
  const watch = toWatchedFetch(plain, onEnd, () => requests++, signal);
  const create = (options: SdkOptions = {}): OpenAI =>
    new module.default({
      baseURL: subject.baseUrl,
      apiKey: subject.apiKey || "none",
      maxRetries: 0,
      timeout: toCallMs(subject),
      logLevel: "off",
      fetch: watch,
      ...(subject.query === undefined ? {} : { defaultQuery: Object.fromEntries(new URLSearchParams(subject.query)) }),
      ...options,
      defaultHeaders: { ...toHeaders(subject), ...options.defaultHeaders },
    });
  const client = create();
  const beta = (client as unknown as { beta?: { chat?: { completions: OpenAI["chat"]["completions"] } } }).beta;
  const helpers = major === 4 ? (beta?.chat?.completions ?? client.chat.completions) : client.chat.completions;
  return {
    major,
    version: await loadVersion(major),
    packageName: sdkPackages[major] ?? "openai",
    client,
    create,
    helpers,
    module,
    fetch: plain,
    requestCount: () => requests,
    openCount: () => requests - ended,
  };
}

/** Whoever is let in by headers of its own is sent no key that there is not. */
function toHeaders({ apiKey, headers = {} }: Subject): Readonly<Record<string, string | null>> {
  const isKeyless = apiKey === "" && Object.keys(headers).length > 0 && headers["authorization"] === undefined;
  return isKeyless ? { ...headers, authorization: null } : headers;
}

async function loadSdk(major: number): Promise<SdkModule | undefined> {
  const name = sdkPackages[major];
  if (name === undefined) return undefined;
  try {
    return (await import(name)) as SdkModule;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

async function loadVersion(major: number): Promise<string> {
  const { VERSION } = (await import(`${sdkPackages[major]}/version`)) as { VERSION: string };
  return VERSION;
}

/** Writes down what an SDK sends and gets, without touching the body that it reads. */
function toWatchedFetch(
  plain: typeof fetch,
  record: (exchange: Exchange) => void,
  onRequest: () => void,
  signal: AbortSignal | undefined,
): typeof fetch {
  return async (input, init) => {
    onRequest();
    const started = performance.now();
    const asked = {
      method: init?.method ?? "GET",
      url: String(input instanceof Request ? input.url : input),
      requestHeaders: Object.fromEntries(new Headers(init?.headers)),
      requestBody: typeof init?.body === "string" ? init.body.slice(0, shownBytesMax) : "",
    };
    const sinceMs = (): number => Math.round(performance.now() - started);
    const response = await plain(input, init).catch((error: unknown) => {
      const failure = show(error instanceof Error && error.cause !== undefined ? error.cause : error);
      record({ ...asked, status: 0, headers: {}, reads: [], endMs: sinceMs(), end: "none", failure });
      throw error;
    });
    const reads: { atMs: number; text: string }[] = [];
    const finish = (end: Exchange["end"]): void =>
      record({
        ...asked,
        status: response.status,
        headers: Object.fromEntries(response.headers),
        reads,
        endMs: sinceMs(),
        end,
      });
    if (response.body === null) {
      finish("complete");
      return response;
    }
    return new Response(watchBody(response.body, { started, reads, finish, signal }), {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    });
  };
}

interface Watch {
  readonly started: number;
  readonly reads: { atMs: number; text: string }[];
  readonly finish: (end: Exchange["end"]) => void;
  readonly signal: AbortSignal | undefined;
}

/** Passes on what comes; a subject that sends without end must not fill the memory. */
function watchBody(
  body: ReadableStream<Uint8Array>,
  { started, reads, finish, signal }: Watch,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let [size, count] = [0, 0];
  const cut = (): void => {
    finish("limit");
    reader.cancel().catch(() => undefined);
  };
  signal?.addEventListener("abort", cut, { once: true });
  const end = (how: Exchange["end"]): void => {
    signal?.removeEventListener("abort", cut);
    finish(how);
  };
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (signal?.aborted === true) return;
        if (done) {
          end("complete");
          controller.close();
          return;
        }
        if (size < shownBytesMax)
          reads.push({
            atMs: Math.round(performance.now() - started),
            text: Buffer.from(value).toString("utf8", 0, shownBytesMax - size),
          });
        size += value.length;
        if (size > bodyBytesMax || ++count > piecesMax) {
          signal?.removeEventListener("abort", cut);
          cut();
          const what = size > bodyBytesMax ? `longer than ${bodyBytesMax} bytes` : `in more than ${piecesMax} pieces`;
          controller.error(new NoAnswer(`the body is ${what}`));
          return;
        }
        controller.enqueue(value);
      } catch (error) {
        end("cut");
        controller.error(error);
      }
    },
    async cancel(reason) {
      end("aborted");
      await reader.cancel(reason);
    },
  });
}
