import { type Break, without } from "../break.ts";

const app = "src/edge/app.ts";
const server = "src/edge/server.ts";
const passage = "src/edge/passage.ts";
const leftovers = "src/edge/leftovers.ts";
const open = "src/edge/open-connections.ts";
const body = "src/edge/body.ts";
const path = "exact.get(ctx.path)";
const encoded = 'if (encoding !== undefined && encoding !== "identity") {';
const gone =
  'if (!response.writableEnded) passage.cut(new GatewayError("cancelled", "The client left before the run ended."));';
const slowly = "hundreds that send a head, a body or nothing are told so in time, and the others are served";

const routes: readonly Break[] = [
  without(["T01"], app, path, 'exact.get(ctx.path.replace(/\\/+/g, "/"))', {
    says: "//v1/chat/completions",
  }),
  without(["T01"], app, path, 'exact.get(ctx.path.replace(/\\/$/, ""))', {
    says: "/v1/chat/completions/",
  }),
  without(["T01"], app, path, "exact.get(ctx.path.toLowerCase())", { says: "/V1/chat/completions" }),
  without(["T03"], app, "${ctx.path.slice(0, 128)}.", "${decodeURIComponent(ctx.path).slice(0, 128)}.", {
    says: "/v1/%zz",
  }),
  without(["T04"], app, "if (allowed.size > 0) {", "if (allowed.size > 9) {", { says: "GET" }),
  without(["T04"], app, "      headers: { allow },\n", ""),
  without(
    ["T05"],
    app,
    "app.use(beginRequest(parts.passages));",
    'app.use(beginRequest(parts.passages));\n  app.use((ctx, next) => ((ctx.method = ctx.get("x-http-method-override") || ctx.method), next()));',
  ),
  without(
    ["T05"],
    app,
    "app.use(beginRequest(parts.passages));",
    'app.use(beginRequest(parts.passages));\n  app.use((ctx, next) => ((ctx.method = String(ctx.query["_method"] ?? ctx.method)), next()));',
  ),
  without(["T07"], body, encoded, encoded.replace('"identity"', '"gzip"'), { says: " identity: expected 415" }),
  without(["T07"], body, encoded, 'if (encoding === "br") {', { says: "application/json gzip" }),
  without(["T07"], body, encoded, 'if (/^(?:gzip|br|deflate|zstd)$/.test(encoding ?? "")) {', {
    says: "application/json gzip, identity",
  }),
  without(
    ["T08"],
    "src/edge/routes.ts",
    "    if (name !== undefined && !isEnabled(name)) {\n",
    "    if (name === null && !isEnabled(name)) {\n",
  ),
  without(
    ["T09"],
    "src/gateway.ts",
    "    await old.passages.idle();\n",
    "    old.passages.cut();\n    await old.passages.idle();\n",
  ),
];

const connections: readonly Break[] = [
  without(["C01", "C02", "C03"], server, "checkMs: 1_000", "checkMs: 1_000_000"),
  without(["C01", "C03"], server, "headersMs: 10_000", "headersMs: 30_000", { tests: [slowly] }),
  without(["C02"], server, "requestMs: 30_000", "requestMs: 300_000"),
  without(
    ["C05"],
    open,
    "    open.add(socket);",
    "    open.add(Object.assign(socket, { room: Buffer.alloc(65_536, 1) }));",
  ),
  without(["C06"], open, "    server.maxConnections = connections;", "", {
    also: [{ file: open, from: "(server.maxConnections = limits().connections)", to: "limits()" }],
  }),
  without(["C07"], open, "if (count <= connectionsPerAddress) return;", "if (count > 0) return;"),
  without(["C08"], server, "return settings().http.pipelineMax;", "return 100_000 + settings().http.pipelineMax;", {
    tests: ["has a bounded number of them under way"],
  }),
  without(["C08"], "src/edge/pipelines.ts", "? parserStop : end;", "? end : end;", {
    tests: ["of a client that sends all it can no more is parsed than begins, and the next"],
  }),
  without(["C08"], "src/edge/pace.ts", "if (!sendsAhead) return", "if (sendsAhead || !sendsAhead) return", {
    tests: ["while many send all they can, whoever comes is begun at once"],
    also: [{ file: "src/edge/pace.ts", from: "const begunMax = 64;", to: "const begunMax = 6400;" }],
  }),
  without(
    ["C08"],
    "src/edge/slow-readers.ts",
    "if (now - behind.since >= writeStallMs) {",
    "if (now - behind.since < 0 * writeStallMs) {",
    {
      tests: ["a client that takes nothing is cut, be it a whole answer, a stream, pages or refusals"],
    },
  ),
  without(
    ["F17"],
    "src/edge/pipelines.ts",
    "if (coding !== undefined && chunkedPattern.test(coding)) this.isChunked = true;",
    "",
    {
      tests: ["while many send bodies in tiny chunks, whoever comes is begun at once"],
    },
  ),
  without(["C10"], body, "else (all ??= new Gathered(first)).add(piece);", "else all ??= new Gathered(first);"),
  without(["C11"], server, "httpAllowHalfOpen: true", "httpAllowHalfOpen: false", {
    tests: ["gets every answer that is no run, and then the end"],
  }),
  without(
    ["C11"],
    passage,
    "if (passage === undefined || response.writableEnded) return;",
    'if (passage === undefined || response.writableEnded) return;\n    passage.cut(new GatewayError("cancelled", "The client left before the run ended."));',
    { tests: ["gets what its run says at once, kept in a session or not"] },
  ),
  without(
    ["C11"],
    passage,
    "if (passage === undefined || response.writableEnded) return;",
    "if (passage === undefined) return;\n    response.destroy();",
    {
      tests: ["gets all of an answer that is there, however slowly it reads"],
    },
  ),
  without(
    ["C12"],
    passage,
    'if (!res.writableFinished) passage.cut(new GatewayError("cancelled", "The client left before the run ended."));',
    "",
    { tests: ["a client that resets the connection ends its run too"] },
  ),
  without(
    ["C12"],
    passage,
    'if (!res.writableFinished) passage.cut(new GatewayError("cancelled", "The client left before the run ended."));',
    "",
    {
      also: [{ file: passage, from: gone, to: "" }],
      tests: ["fifty clients that leave at any moment leave nothing behind"],
    },
  ),
  without(["C12"], passage, gone, gone.replace('"cancelled"', '"not_found"'), {
    tests: ["a client that leaves before its answer is logged and measured as cancelled, not as not found"],
  }),
  without(
    ["C12"],
    open,
    'socket.once("close", () => open.delete(socket));',
    'socket.once("end", () => open.delete(socket));',
    {
      tests: ["connections that are reset at any point leave nothing behind"],
    },
  ),
  without(
    ["C13"],
    server,
    "onLeftover: (request) => leftovers.watch(request),",
    "onLeftover: (request) => void request.socket.resetAndDestroy(),",
    {
      tests: ["a body above the limit is 413, and the client that is still writing reads it"],
    },
  ),
  without(["C13"], leftovers, " || socket.bytesRead >= bytesUntil", "", {
    tests: ["what comes without end after the answer is read up to a limit"],
  }),
  without(["C13"], leftovers, "now >= until || ", "", {
    tests: ["what does not come is waited for up to a limit"],
  }),
  without(["C13"], leftovers, "ms: 2000, bytes: 64 * 1_048_576", "ms: 200_000, bytes: 64_000 * 1_048_576", {
    tests: ["a stranger's endless body is read for two seconds or 64 MB, and no longer"],
  }),
];

export const http: readonly Break[] = [...routes, ...connections];
