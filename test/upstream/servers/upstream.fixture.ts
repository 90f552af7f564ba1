import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { onEnd } from "../../end.fixture.ts";
import { anthropicWire } from "./anthropic.fixture.ts";
import { googleWire } from "./google.fixture.ts";
import { mistralWire, openAiChatWire } from "./openai-chat.fixture.ts";
import { openAiResponsesWire } from "./openai-responses.fixture.ts";
import {
  type SaidStep,
  type Script,
  type ScriptStep,
  scriptedUsage,
  type Wire,
  type WireAnswer,
} from "./script.fixture.ts";

export const wires = {
  "openai-chat": openAiChatWire,
  mistral: mistralWire,
  anthropic: anthropicWire,
  google: googleWire,
  "openai-responses": openAiResponsesWire,
} as const satisfies Record<string, Wire>;

export type UpstreamVendor = keyof typeof wires;

/** One call as it came. */
export interface UpstreamRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly rawHeaders: readonly string[];
  /** Parsed. */
  readonly body: Readonly<Record<string, unknown>>;
  /**
   * Resolves when the answer is over: `done` if all of it was sent, `left` if the client closed the connection before,
   * `cut` if the script did. `at` is of `performance.now()`.
   */
  readonly over: Promise<{ readonly how: "done" | "left" | "cut"; readonly at: number }>;
  /** How many steps of the script have been played; a client that does not read holds it up. */
  readonly steps: number;
}

export interface Upstream {
  /** For `baseUrl` of a configuration. */
  readonly baseUrl: string;
  /** In the order in which they came. */
  readonly requests: readonly UpstreamRequest[];
  /** How many connections were opened. */
  readonly connections: number;
  /** Called by itself when the test is finished. */
  stop(): Promise<void>;
}

/** A script for every call, or one for each: `count` is 0 for the first. */
export type UpstreamAnswer = Script | ((request: UpstreamRequest, count: number) => Script);

/**
 * A model server on a free port that plays scripts in a vendor's real wire format. It answers 404 to what is not the
 * vendor's endpoint, and refuses with 400 what the vendor would refuse for its form. A script that does not say how it ends ends well.
 */
export async function startUpstream(vendor: UpstreamVendor, answer: UpstreamAnswer): Promise<Upstream> {
  const wire: Wire = wires[vendor];
  const requests: UpstreamRequest[] = [];
  let connections = 0;
  const server = createServer((message, response) => {
    void (async () => {
      const { request, setHow } = await toRequest(message, response);
      const count = requests.push(request) - 1;
      const known = wire.isEndpoint(request.method, request.path);
      const refusal = known ? wire.refuse(request.body) : undefined;
      const asked = (): Script => (typeof answer === "function" ? answer(request, count) : answer);
      const script: Script =
        refusal === undefined ? (known ? asked() : [{ status: 404 }]) : [{ status: 400, error: { message: refusal } }];
      await play(script, { wire, request, response, setHow });
    })();
  });
  server.on("connection", () => {
    connections += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  let stopped: Promise<unknown> | undefined;
  const stop = async (): Promise<void> => {
    stopped ??= new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
    await stopped;
  };
  onEnd(stop);
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}${wire.basePath}`,
    requests,
    get connections() {
      return connections;
    },
    stop,
  };
}

type How = "left" | "cut";
type MutableRequest = { -readonly [K in keyof UpstreamRequest]: UpstreamRequest[K] };

/** Between the last event of an answer and the end of its body there is a moment, as there is with real servers. */
const lingerMs = 5;

async function toRequest(
  message: IncomingMessage,
  response: ServerResponse,
): Promise<{ request: MutableRequest; setHow: (how: How) => void }> {
  let how: How = "left";
  const over = new Promise<Awaited<UpstreamRequest["over"]>>((resolve) => {
    response.once("close", () => resolve({ how: response.writableFinished ? "done" : how, at: performance.now() }));
  });
  const bytes: Buffer[] = [];
  for await (const piece of message) bytes.push(piece as Buffer);
  const text = Buffer.concat(bytes).toString("utf8");
  const request: MutableRequest = {
    method: message.method ?? "",
    path: message.url ?? "",
    headers: message.headers,
    rawHeaders: message.rawHeaders,
    body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>,
    over,
    steps: 0,
  };
  return { request, setHow: (to) => (how = to) };
}

interface Stage {
  readonly wire: Wire;
  readonly request: MutableRequest;
  readonly response: ServerResponse;
  readonly setHow: (how: How) => void;
}

async function play(script: Script, stage: Stage): Promise<void> {
  const { wire, request, response, setHow } = stage;
  const said = script.filter(isSaid);
  const answer = wire.createAnswer(request);
  const accept = (): void => {
    if (response.headersSent) return;
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.write(answer.begin());
  };
  const finish = (...[reason, usage, word]: Parameters<WireAnswer["finish"]>): void => {
    if (request.body["stream"] === true || answer.whole === undefined) {
      accept();
      response.write(answer.finish(reason, usage, word));
      setTimeout(() => response.end(), lingerMs);
    } else {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(answer.whole(said, reason, usage, word)));
    }
  };

  for (const step of script) {
    if (isSaid(step)) {
      if (request.body["stream"] === true || answer.whole === undefined) {
        accept();
        response.write(answer.say(step));
      }
    } else if ("raw" in step) {
      accept();
      response.write(step.raw);
    } else if ("accept" in step) {
      accept();
      response.flushHeaders();
    } else if ("pauseMs" in step) {
      await delay(step.pauseMs);
    } else if ("finish" in step) {
      return finish(step.finish, step.usage === "none" ? undefined : (step.usage ?? scriptedUsage), step.word);
    } else if ("status" in step) {
      return sendStatus(step, stage);
    } else if ("error" in step) {
      accept();
      return void response.end(answer.error(step.error));
    } else if ("cut" in step) {
      accept();
      return void response.end();
    } else if ("reset" in step) {
      // What was written before goes out first.
      await nextTurn();
      setHow("cut");
      return void response.socket?.resetAndDestroy();
    } else {
      return;
    }
    request.steps += 1;
    // One step, one packet, as a model would send it, and none while the client does not read.
    await nextTurn();
    if (response.writableNeedDrain) await Promise.race([once(response, "drain"), request.over]);
    if (response.destroyed) return;
  }
  finish(said.some((step) => "call" in step) ? "tool_calls" : "stop", scriptedUsage);
}

const said: readonly string[] = ["text", "reasoning", "redacted", "delta", "refusal", "call"];

function isSaid(step: ScriptStep): step is SaidStep {
  return said.some((kind) => kind in step);
}

function sendStatus(step: Extract<ScriptStep, { status: number }>, { wire, response }: Stage): void {
  const { status, retryAfter, headers = {}, error = {} } = step;
  const text = typeof step.body === "string" ? step.body : JSON.stringify(step.body ?? wire.toErrorBody(status, error));
  response.writeHead(status, {
    "content-type": "application/json",
    ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
    ...headers,
  });
  response.end(text);
}
