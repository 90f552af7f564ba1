// A tool server that misbehaves as its first argument says; run as a program, and written without the MCP library.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

type Id = number | string;
interface Incoming {
  readonly id?: Id;
  readonly method: string;
  readonly params?: {
    readonly name?: string;
    readonly arguments?: { readonly text?: string };
    readonly requestId?: Id;
    readonly _meta?: object;
  };
}

const behaviour = process.argv[2] ?? "plain";
const names = [
  "say",
  "hang",
  "exit",
  "pid",
  "meta",
  "environment",
  "big",
  "huge",
  "many",
  "cancelled",
  "grow",
  "refuse",
  "structure",
  "nothing",
];
const weird = ["get weather", "get.weather", "ä", "x".repeat(100), "say"];
const cancelled: Id[] = [];
let tools = behaviour === "weird" ? weird : names;

function write(message: object): void {
  if (behaviour === "prompt") process.stdout.write("\u001b[?25h\ufeff> ");
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
}

function answer(id: Id, result: object): void {
  write({ id, result });
}

function say(id: Id, text: string): void {
  answer(id, { content: [{ type: "text", text }] });
}

function initialise(id: Id): void {
  if (behaviour === "hang") return;
  answer(id, {
    protocolVersion: "2025-06-18",
    capabilities: behaviour === "toolless" ? {} : { tools: { listChanged: true } },
    serverInfo: { name: "fixture", version: "1" },
  });
}

function list(id: Id): void {
  if (behaviour === "hang-list") return;
  if (behaviour === "toolless") return write({ id, error: { code: -32_601, message: "Method not found" } });
  const inputSchema = { type: "object", properties: { text: { type: "string" } } };
  answer(id, { tools: tools.map((name) => ({ name, description: `Does ${name}.`, inputSchema })) });
}

function call(id: Id, { name = "", arguments: given = {}, _meta: meta = {} }: NonNullable<Incoming["params"]>): void {
  switch (name) {
    case "hang":
      return;
    case "exit":
      process.exit(3);
      break;
    case "pid":
      return say(id, String(process.pid));
    case "meta":
      return say(id, JSON.stringify(meta));
    case "environment":
      return say(id, JSON.stringify(process.env));
    case "big":
      return say(id, "ä".repeat(5 * 1024 * 1024));
    case "huge":
      return say(id, "x".repeat(33 * 1024 * 1024));
    case "many":
      return answer(id, { content: [], structuredContent: { many: Array.from({ length: 300_000 }, () => 0) } });
    case "cancelled":
      return say(id, JSON.stringify(cancelled));
    case "grow":
      tools = [...names, "grown"];
      write({ method: "notifications/tools/list_changed" });
      return say(id, "grown");
    case "refuse":
      return write({ id, error: { code: -32_602, message: "no such thing" } });
    case "structure":
      return answer(id, { content: [], structuredContent: { degrees: 21 } });
    case "nothing":
      return answer(id, { surprise: true, content: 7 });
    default:
      return say(id, given.text ?? name);
  }
}

function handle({ id, method, params = {} }: Incoming): void {
  if (method === "notifications/cancelled" && params.requestId !== undefined) cancelled.push(params.requestId);
  if (id === undefined) return;
  if (method === "initialize") initialise(id);
  else if (method === "tools/list") list(id);
  else if (method === "tools/call") call(id, params);
  else write({ id, error: { code: -32_601, message: "Method not found" } });
}

function print(): void {
  process.stdout.write('Welcome!\n\n{"jsonrpc":"2.0"}\n[1]\nnull\n{"half":\n');
  process.stderr.write("noise\n".repeat(100_000));
}

if (behaviour === "garbage") print();
// A program that ends neither with its input nor when asked to.
if (behaviour === "stubborn") {
  process.on("SIGTERM", () => undefined);
  setInterval(() => undefined, 1000);
}
// As `npx` does: the real server is a child, and shares the input and output.
if (behaviour === "wrapped") {
  spawn(process.execPath, [import.meta.filename, "stubborn"], { stdio: "inherit" });
  setInterval(() => undefined, 1000);
} else {
  createInterface({ input: process.stdin }).on("line", (line) => handle(JSON.parse(line) as Incoming));
}
