import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { expect, test } from "vitest";
import { pick } from "../../test/breadth.fixture.ts";
import { onEnd } from "../../test/end.fixture.ts";
import { bytesMax, runSuite } from "./suite.fixture.ts";

/** One or two of every group that runs on a foreign subject, through both lenses and on raw connections. */
const only = [
  ..."AUTH-01,ROUTE-01,ROUTE-05,REQ-01,REQ-07,NS-01,NS-02,NS-16,SS-01,SS-02,SS-20,TOOL-01,SO-09".split(","),
  ..."USE-01,SE-01,SE-15,ERR-01,ERR-05,ABRT-01,HDR-01,ROB-01,ROB-02,MOD-01,MOD-06,SDK-01,SDK-06,CONC-01".split(","),
];
/** The newest and the oldest, which differ most: one has the runtime's `fetch`, the other one of its own on `node:http`. */
const sdk = ["--sdk", "7,4"];

/** The bodies are endless in all but name: 1 GiB as fast as it is taken. */
const flood: RequestListener = (_request, response) => {
  const piece = Buffer.from(`data: ${"x".repeat(65_528)}\n\n`.slice(0, 65_536));
  let left = 16_384;
  response.writeHead(200, { "content-type": "text/event-stream" });
  const write = (): void => {
    while (left-- > 0 && !response.destroyed) if (!response.write(piece)) return void response.once("drain", write);
    response.end();
  };
  write();
};

const html: RequestListener = (_request, response) =>
  void response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>It works</title>");

const loop: RequestListener = (request, response) =>
  void response.writeHead(302, { location: request.url ?? "/" }).end();

const headersOnly: RequestListener = (_request, response) =>
  response.writeHead(200, { "content-type": "application/json" }).flushHeaders();

/** Answers well enough to be probed, then is gone for good. */
function toMortal(lives: number): HttpServer {
  let left = lives;
  const server = createHttpServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/json", connection: "close" }).end("{}");
    if (--left === 0) server.close();
  });
  return server;
}

/** A completion as any of them would give it, were they well. */
const completion = JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1_700_000_000,
  model: "none",
  choices: [
    { index: 0, message: { role: "assistant", content: "hi", refusal: null }, logprobs: null, finish_reason: "stop" },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});

/** Says that its answers are longer, or shorter, than they are. */
function toLiar(byBytes: number): Server {
  return createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => {
      const length = Buffer.byteLength(completion) + byBytes;
      socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${completion}`);
    });
  });
}

/** Never does the same twice in a row. */
function toFickle(): HttpServer {
  const moods: RequestListener[] = [
    (_request, response) => void response.writeHead(200, { "content-type": "application/json" }).end(completion),
    (_request, response) => void response.writeHead(500, { "content-type": "text/plain" }).end("oh"),
    (_request, response) =>
      void response.writeHead(200, { "content-type": "text/event-stream" }).end("data: [DONE]\n\n"),
    (_request, response) => void response.writeHead(204).end(),
    (request) => void request.socket.destroy(),
    (_request, response) => void response.writeHead(200, { "content-type": "application/json" }).end("[null]"),
    html,
  ];
  let count = 0;
  return createHttpServer((request, response) => moods[count++ % moods.length]?.(request, response));
}

/** Where in an answer a server may be when it dies. */
const phases: Record<string, (socket: Socket) => void> = {
  "before it answers": () => undefined,
  "within its headers": (socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-ty"),
  "within a body": (socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{"),
  "within a stream": (socket) =>
    void socket.write(
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n15\r\ndata: {"choices":[]}\n\n\r\n',
    ),
};

/** Answers so many calls, begins one more answer, and is gone with all its connections. */
function toDying(lives: number, begin: (socket: Socket) => void): HttpServer {
  const sockets = new Set<Socket>();
  let left = lives;
  const server = createHttpServer((request, response) => {
    if (--left > 0) return void response.writeHead(200, { "content-type": "application/json" }).end(completion);
    if (left === 0) begin(request.socket);
    server.close();
    setImmediate(() => {
      for (const socket of sockets) socket.destroy();
    });
  });
  return server.on("connection", (socket) => void sockets.add(socket));
}

interface Row {
  readonly name: string;
  readonly create: () => Server;
  readonly status: number;
  /** How often it is tried before it is given up. Counted, since a time would measure the machine. */
  readonly connectionsMax?: number;
  /** All that is asked of a silent one waits for its limit, so it waits at once, and nobody measures how long it takes. */
  readonly words?: readonly string[];
}

const atOnce = ["--sdk", "7", "--concurrency", "32"];
const subjects: readonly Row[] = [
  { name: "hangs", create: () => createServer(), status: 3, connectionsMax: 4, words: ["--timeout", "3s"] },
  {
    name: "resets",
    create: () => createServer((socket) => void socket.resetAndDestroy()),
    status: 3,
    connectionsMax: 4,
  },
  { name: "speaks garbage", create: () => createServer(sayGarbage), status: 3, connectionsMax: 4 },
  { name: "sends 1 GiB for every answer", create: () => createHttpServer(flood), status: 1 },
  { name: "redirects to itself", create: () => createHttpServer(loop), status: 1 },
  { name: "dies on the way", create: () => toMortal(20), status: 3, connectionsMax: 40 },
  { name: "dies while it is probed", create: () => toMortal(6), status: 3, connectionsMax: 40 },
  ...Object.entries(phases).map(([phase, begin]) => ({
    name: `dies ${phase}`,
    create: () => toDying(40, begin),
    status: 3,
    connectionsMax: 80,
    words: ["--sdk", "7"],
  })),
  { name: "announces more than it sends", create: () => toLiar(500), status: 1 },
  { name: "announces less than it sends", create: () => toLiar(-50), status: 1 },
  { name: "changes its mind with every call", create: toFickle, status: 1 },
  { name: "answers everything with HTML", create: () => createHttpServer(html), status: 1 },
  {
    name: "sends headers, then nothing",
    create: () => createHttpServer(headersOnly),
    status: 3,
    words: [...atOnce, "--timeout", "3s"],
    connectionsMax: 80,
  },
];

test.concurrent.for(pick(subjects, ({ status, connectionsMax }) => `${status} ${connectionsMax}`))(
  "a subject that $name is judged and does no harm",
  async ({ create, status, connectionsMax = Infinity, words }) => {
    const subject = await listen(create());
    const server = ["--base-url", subject.baseUrl, "--model", "none", "--only", only.join(",")];
    const ended = await runSuite([...server, ...sdk, ...(words ?? [])]);
    expect(ended).toMatchObject({ status });
    expect(subject.connections()).toBeLessThanOrEqual(connectionsMax);
    expect(ended.bytes).toBeLessThan(bytesMax);
    expect(ended.notes).not.toMatch(/UnhandledPromise|^\s+at /m);
    expect(ended.output).not.toContain("STRAY-");
    // Whatever a server does, it is the server's doing.
    expect(ended.output).not.toMatch(/^error|\d error\b/m);
    if (status === 3) expect(ended.notes.match(/stopped answering|nothing answers/g)).toHaveLength(1);
    if (ended.output === "") return;
    const [, results = "0"] = /^(\d+) results, /m.exec(ended.output) ?? [];
    expect(Number(results)).toBeGreaterThanOrEqual(only.length);
  },
);

function sayGarbage(socket: Socket): void {
  socket.on("error", () => undefined);
  socket.end(Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) & 255)));
}

async function listen(server: Server): Promise<{ baseUrl: string; connections: () => number }> {
  let connections = 0;
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onEnd(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  return { baseUrl: `http://127.0.0.1:${port}/v1`, connections: () => connections };
}
