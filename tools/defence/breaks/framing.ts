import { type Break, without } from "../break.ts";

const app = "src/edge/app.ts";
const faults = "src/edge/framing.ts";
const server = "src/edge/server.ts";
const body = "src/edge/body.ts";

export const framing: readonly Break[] = [
  without(
    ["F34"],
    "src/edge/server.ts",
    'if (error.code === "HPE_CLOSED_CONNECTION" && isAnswering(socket)) return;',
    "",
  ),
  without(["F35"], "src/edge/pace.ts", "if (left-- === 0) return;", ""),
  // The parser that Node has for clients that cannot do better.
  without(["F01", "F05", "F07", "F08", "F09", "F11"], server, "insecureHTTPParser: false", "insecureHTTPParser: true", {
    says: {
      F01: "a length and a coding",
      F05: "a quoted coding",
      F07: "a folded field",
      F08: "a bare line feed behind a field",
      F09: "a NUL in a field",
      F11: "HTTP/1.2",
    },
  }),
  without(
    ["F01"],
    app,
    "if (!condemned.has(ctx.req.socket)) return next();",
    "if (condemned !== undefined) return next();",
    {
      tests: ["what follows a refused request on its connection is not acted on"],
    },
  ),
  // What Node's parser refuses in any case, as if it had been a request.
  without(
    ["F02", "F03", "F06", "F12", "F15", "F16", "F17", "F19", "F27", "F28"],
    server,
    "else refuse(socket, toParserError(error));",
    String.raw`else socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");`,
    {
      tests: ["a request with two meanings is refused, and the connection ends"],
      says: {
        F02: "two different lengths",
        F03: "a list of lengths",
        F06: "a space before the colon",
        F12: "the preface of HTTP/2",
        F15: "a chunk size that is none",
        F16: "a chunk shorter than its size",
        F17: "a chunk extension of 20 KB",
        F19: "one field of 17 KB",
        F27: "a lower-case method",
        F28: "a TLS greeting",
      },
    },
  ),
  without(["F11"], faults, "request.httpVersionMajor !== 1", "request.httpVersionMajor === 0", {
    says: "HTTP/2.0 in the request line",
  }),
  without(
    ["F13"],
    "src/edge/dispatch.ts",
    'headers["x-accel-buffering"] = "no";',
    'headers["x-accel-buffering"] = "no";\n  headers["transfer-encoding"] = "chunked";',
  ),
  without(["F17"], "src/base/gathered.ts", "piece.length >= shortBytes", "piece.length >= 0", {
    tests: ["%s are few pieces, which hold little more than what came"],
  }),
  without(["F17"], "src/base/gathered.ts", "piece.length >= shortBytes", "piece.length >= 0", {
    tests: ["a body in a million chunks, each with an extension, is no dearer than what it holds"],
  }),
  without(
    ["F18"],
    "src/edge/dispatch.ts",
    "= await readJson(ctx.req, ctx.res, { bytesMax: parts.bodyBytesMax, share });",
    "= await readJson(ctx.req, ctx.res, { bytesMax: parts.bodyBytesMax, share }).finally(() => Object.assign(ctx.req.headers, ctx.req.trailers));",
  ),
  without(["F19"], faults, "url.length > targetCharsMax", "url.length > 2 * targetCharsMax", {
    says: "a path of 8,193 characters",
  }),
  without(["F21"], faults, "rawHeaders.length / 2 > headerFieldsMax", "rawHeaders.length / 2 > 2 * headerFieldsMax", {
    says: "101 fields",
  }),
  without(
    ["F22"],
    faults,
    "    if (!single.has(name)) continue;",
    "    const fields: any = {};\n    Object.defineProperty((fields[name] ??= {}), 'isKnown', { value: true, configurable: true });\n    if (!single.has(name)) continue;",
  ),
  without(["F24"], faults, 'return url.startsWith("/") ? undefined', 'return url !== "" ? undefined', {
    says: "OPTIONS of the whole server",
  }),
  without(
    ["F25"],
    server,
    'refuse(socket, new GatewayError("method_not_allowed", "CONNECT is not offered.", { headers }));',
    String.raw`socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", () => headers);`,
    { says: "a target of a proxy's CONNECT" },
  ),
  without(["F26"], faults, 'if (method === "TRACE" || method === "CONNECT") {', 'if (method === "CONNECT") {', {
    says: "TRACE",
  }),
  without(
    ["F31"],
    server,
    '  ["HPE_HEADER_OVERFLOW", ["headers_too_large", "The header fields are larger than 16 KiB."]],\n',
    "",
    {
      says: "one field of 17 KB",
    },
  ),
  without(["F31"], server, "    else refuse(socket, toParserError(error));", "    else socket.destroy(error);", {
    says: "a request line of one word",
  }),
  without(["F32"], server, 'server.on("checkContinue", listener);', "", {
    tests: ["100 Continue is not said for what is refused by its head"],
  }),
  without(["F32"], body, "if (request.headers.expect !== undefined) response.writeContinue();", "", {
    tests: ["100 Continue is said when the body will be read"],
  }),
  without(["F32"], server, 'server.on("checkExpectation", listener);', "", {
    tests: ["another expectation is 417"],
  }),
];
