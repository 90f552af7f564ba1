// Recordings of servers that do not go on to the end: their replay comes to the same end.
import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { onEnd } from "../../test/end.fixture.ts";
import { createFolder, replay, run, toVerdicts } from "./recording.fixture.ts";

const completion = JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1_700_000_000,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "hi", refusal: null }, finish_reason: "stop" }],
});

/** What becomes of a call, and of all that come after it. */
type End = (socket: Socket, server: HttpServer) => void;

/** Answers so many calls well, and then comes to its end. */
function createMortal(lives: number, end: End): Server {
  let left = lives;
  const server = createHttpServer((request, response) => {
    request.resume();
    if (left-- > 0)
      return void response.writeHead(200, { "content-type": "application/json", connection: "close" }).end(completion);
    end(request.socket, server);
  });
  return server.on("checkContinue", (_request, response) => response.writeHead(413).end());
}

const die =
  (last: string): End =>
  (socket, server) => {
    socket.write(last);
    server.close();
    setImmediate(() => server.closeAllConnections());
  };

const ends: Readonly<Record<string, End>> = {
  "dies before it answers": die(""),
  "dies within its headers": die("HTTP/1.1 200 OK\r\ncontent-ty"),
  "dies within a body": die("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{"),
  "dies within a stream": die(
    'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n15\r\ndata: {"choices":[]}\n\n\r\n',
  ),
  "says nothing any more": () => undefined,
  "closes each connection": (socket) => void socket.destroy(),
};

async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onEnd(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

const few = ["--model", "m", "--sdk", "7", "--only", "NS-0*,SS-0*,MOD-01,SDK-01", "--concurrency", "2"];

test.concurrent.for(
  Object.entries(ends).flatMap(([what, end]) => [
    {
      what: `${what} while it is probed`,
      lives: 4,
      end,
      says: /was probed for \w.* \(POST .*\), before the first case$/,
    },
    { what: `${what} among the cases`, lives: 22, end, says: /was asked by \w/ },
  ]),
)("a server that $what", { timeout: 120_000 }, async ({ lives, end, says }) => {
  const folder = createFolder();
  const url = await listen(createMortal(lives, end));
  const words = ["--base-url", url, ...few, "--timeout", "2s", "--record", "wire.jsonl"];
  const recorded = await run(folder, words);
  expect(recorded.report.died?.message).toMatch(says);
  expect(recorded.status).toBe(3);
  const replayed = await replay(readFileSync(join(folder, "wire.jsonl"), "latin1"));
  expect(toVerdicts(replayed.report)).toEqual(toVerdicts(recorded.report));
  expect(replayed.report.died?.message).toBe(recorded.report.died?.message);
  expect(replayed.status).toBe(recorded.status);
  expect(replayed.output.match(/the server stopped answering/g)?.length).toBe(
    recorded.output.match(/the server stopped answering/g)?.length,
  );
});

test("a server that never answers leaves a recording that says so", async () => {
  const folder = createFolder();
  const url = await listen(createServer());
  const recorded = await run(folder, ["--base-url", url, ...few, "--timeout", "500ms", "--record", "wire.jsonl"]);
  expect(recorded.status).toBe(3);
  const replayed = await replay(readFileSync(join(folder, "wire.jsonl"), "latin1"));
  expect(replayed.output).toContain(`nothing answers at ${url}`);
  expect(replayed.status).toBe(3);
});

test("a recording that was broken off before the first case is told as such", async () => {
  const folder = createFolder();
  const url = await listen(createServer());
  await run(folder, ["--base-url", url, ...few, "--timeout", "500ms", "--record", "wire.jsonl"]);
  const [head = ""] = readFileSync(join(folder, "wire.jsonl"), "latin1").split("\n");
  const { status, output } = await replay(`${head}\n`);
  expect(output).toContain("was broken off before its first case");
  expect(status).toBe(2);
});
