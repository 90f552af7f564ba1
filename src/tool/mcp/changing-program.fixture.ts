// Run as a program: a server of the revision 2026-07-28 whose list of tools grows with the first call, and who says so to
// whoever has asked to be told.
import { createInterface } from "node:readline";

const subscription = "io.modelcontextprotocol/subscriptionId";
let names = ["grow"];
let listener: unknown;

function write(message: object): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
}

function toResult(method: string): object | undefined {
  const cached = { ttlMs: 0, cacheScope: "private" };
  switch (method) {
    case "server/discover":
      return { ...cached, supportedVersions: ["2026-07-28"], capabilities: { tools: { listChanged: true } } };
    case "tools/list":
      return { ...cached, tools: names.map((name) => ({ name, inputSchema: { type: "object" } })) };
    case "tools/call":
      names = ["grow", "grown"];
      write({ method: "notifications/tools/list_changed", params: { _meta: { [subscription]: listener } } });
      return { content: [] };
    default:
      return undefined;
  }
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method } = JSON.parse(line) as { id?: unknown; method: string };
  if (method === "subscriptions/listen") {
    listener = id;
    const params = { _meta: { [subscription]: id }, notifications: { toolsListChanged: true } };
    return write({ method: "notifications/subscriptions/acknowledged", params });
  }
  const result = toResult(method);
  if (result !== undefined) write({ id, result: { resultType: "complete", ...result } });
});
