import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as sendRequest,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Change, ProxiedAnswer, ProxiedCall } from "./mutant.ts";
import { createSocketProxy } from "./socket-proxy.ts";

export interface ChangedServer {
  /** Without a path. */
  readonly url: string;
  stop(): Promise<void>;
}

/** A body that is announced as longer than this is piped as it comes: the golden server may refuse it at its head. */
const bodyBytesMax = 32 * 1024 * 1024;
/** A body that does not come; shorter than any case waits for the end of such a request. */
const bodyMs = 30_000;
/** What belongs to the client's connection; the proxy frames its own request. */
const ownFields = new Set(["transfer-encoding", "content-length", "expect"]);
const hopByHop = new Set(["connection", "keep-alive", "transfer-encoding", "content-length"]);

/** A server that does what the golden one does, but for one change. */
export async function startChangedServer(goldenUrl: string, change: Change): Promise<ChangedServer> {
  const golden = new URL(goldenUrl);
  const agent = new Agent({ keepAlive: true, maxSockets: change.serial === true ? 1 : 64 });
  const patience = { requestTimeout: bodyMs, connectionsCheckingInterval: 1000 };
  const server = createServer(patience, (request, response) => {
    forward(request, response, golden, agent, change).catch(() => response.destroy());
  });
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    response.writeContinue();
    forward(request, response, golden, agent, change).catch(() => response.destroy());
  });
  const sockets = createSocketProxy(golden, change);
  server.on("upgrade", sockets.forward);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        agent.destroy();
        sockets.stop();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  golden: URL,
  agent: Agent,
  change: Change,
): Promise<void> {
  const announced = Number(request.headers["content-length"]) > bodyBytesMax;
  const call = toCall(request, announced ? Buffer.alloc(0) : await readAll(request));
  const changed = change.call?.(call);
  if (changed !== undefined && "status" in changed) return writeAnswer(response, changed);
  const { method = call.method, path = call.path, headers = call.headers, bytes = call.bytes } = changed ?? {};
  const upstream = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = sendRequest(
      {
        host: golden.hostname,
        port: golden.port,
        method,
        path,
        agent,
        headers: toUpstreamHeaders(headers, announced ? undefined : bytes, golden),
      },
      resolve,
    );
    sent.on("error", reject);
    response.once("close", () => {
      if (change.deaf !== true && !response.writableFinished) sent.destroy();
    });
    if (announced) request.pipe(sent);
    else sent.end(bytes);
  });
  if (upstream.headers["content-type"]?.startsWith("text/event-stream") === true) {
    await pipeStream(upstream, response, change, call);
  } else {
    writeAnswer(response, changeAnswer(await readAnswer(upstream), change, call));
  }
}

/** A header that is `undefined` is left out; so are bytes that are piped, whose announced length is kept. */
function toUpstreamHeaders(headers: IncomingHttpHeaders, bytes: Buffer | undefined, golden: URL): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(([name, value]) => !ownFields.has(name) && value !== undefined);
  const announced = headers["content-length"];
  const isFramed = announced !== undefined || (bytes?.length ?? 0) > 0;
  const length = bytes === undefined ? announced : String(bytes.length);
  return { ...Object.fromEntries(kept), host: golden.host, ...(isFramed ? { "content-length": length } : {}) };
}

function toCall(request: IncomingMessage, bytes: Buffer): ProxiedCall {
  const { method = "GET", url = "/", headers } = request;
  let body: { readonly value: ProxiedCall["body"] } | undefined;
  return {
    method,
    path: url,
    headers,
    bytes,
    // Few changes look into it, and some bodies are long.
    get body() {
      return (body ??= { value: toObject(bytes.toString("utf8")) }).value;
    },
  };
}

async function readAnswer(upstream: IncomingMessage): Promise<ProxiedAnswer> {
  const body = await readAll(upstream);
  return { status: upstream.statusCode ?? 502, headers: toHeaders(upstream), body };
}

function readAll(stream: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    stream.on("data", (piece: Buffer) => pieces.push(piece));
    stream.once("end", () => resolve(Buffer.concat(pieces)));
    stream.once("error", reject);
  });
}

function changeAnswer(answer: ProxiedAnswer, change: Change, call: ProxiedCall): ProxiedAnswer {
  const body = answer.status === 200 && change.json !== undefined ? toObject(String(answer.body)) : undefined;
  const withJson = body === undefined ? answer : { ...answer, body: JSON.stringify(change.json?.(body, call)) };
  return change.answer?.(withJson, call) ?? withJson;
}

function writeAnswer(response: ServerResponse, { status, headers, body }: ProxiedAnswer): void {
  // HTTP/1.0 has no transfer coding (RFC 9112 section 6.1), so no variant may use one there.
  const given = Object.keys(headers).filter(
    (name) => name.toLowerCase() !== "transfer-encoding" || response.req.httpVersion !== "1.0",
  );
  const kept = Object.fromEntries(given.map((name) => [name, headers[name]]));
  const framed = given.some((name) => /^(content-length|transfer-encoding)$/i.test(name));
  response.writeHead(status, { ...kept, ...(framed ? {} : { "content-length": String(Buffer.byteLength(body)) }) });
  response.end(body);
}

async function pipeStream(
  upstream: IncomingMessage,
  response: ServerResponse,
  change: Change,
  call: ProxiedCall,
): Promise<void> {
  const headers = toHeaders(upstream);
  response.writeHead(upstream.statusCode ?? 200, change.streamHeaders?.(headers, call) ?? headers);
  // Whoever collects a stream has not even sent its headers before.
  if (change.buffered !== true) response.flushHeaders();
  const held: string[] = [];
  let rest = "";
  let index = 0;
  upstream.setEncoding("utf8");
  try {
    for await (const piece of upstream as AsyncIterable<string>) {
      const frames = (rest + piece).split("\n\n");
      rest = frames.pop() ?? "";
      for (const frame of frames) {
        const text = changeFrame(`${frame}\n\n`, change, call, () => index++);
        if (change.buffered === true) held.push(text);
        else if (text !== "") await write(response, text);
      }
      // A comment has no blank line behind it and would wait here for the next event.
      if (rest.startsWith(":") && rest.endsWith("\n") && change.buffered !== true) {
        response.write(rest);
        rest = "";
      }
    }
  } catch {
    response.destroy();
    return;
  }
  for (const text of held) response.write(text);
  if (rest !== "") response.write(rest);
  if (change.lingerMs === undefined) response.end();
  else setTimeout(() => response.end(), change.lingerMs);
}

/** Waits for a reader that has stopped, so that the golden server sees it too. */
async function write(response: ServerResponse, text: string): Promise<void> {
  if (response.write(text) || response.destroyed) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      response.off("drain", end).off("close", end);
      resolve();
    };
    response.on("drain", end).on("close", end);
  });
}

function changeFrame(frame: string, change: Change, call: ProxiedCall, nextIndex: () => number): string {
  let text = frame;
  const lines = change.chunk === undefined ? [] : frame.split("\n");
  const dataLine = lines.find((line) => line.startsWith("data: "));
  const chunk = dataLine === undefined ? undefined : toObject(dataLine.slice("data: ".length));
  if (chunk !== undefined && change.chunk !== undefined) {
    const changed = change.chunk(chunk, nextIndex(), call);
    const list = changed === undefined ? [] : Array.isArray(changed) ? changed : [changed];
    // Those that come of a chunk with a number all have it.
    const id = pick(lines, "id: ");
    text = pick(lines, ":") + list.map((one) => `${id}data: ${JSON.stringify(one)}\n\n`).join("");
  }
  return change.frame === undefined || text === "" ? text : change.frame(text, call);
}

/** The lines that begin so. */
function pick(lines: readonly string[], start: string): string {
  return lines.flatMap((line) => (line.startsWith(start) ? [`${line}\n`] : [])).join("");
}

function toHeaders(message: IncomingMessage): Record<string, string> {
  const entries = Object.entries(message.headers).filter(([name]) => !hopByHop.has(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function toObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
