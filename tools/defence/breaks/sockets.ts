import { type Break, without } from "../break.ts";

const connection = "src/socket/socket-connection.ts";
const newcomers = "src/socket/newcomers.ts";
const sockets = "src/socket/sockets.ts";

export const websockets: readonly Break[] = [
  without(
    ["W01"],
    "src/socket/connect.ts",
    "    const error = GatewayError.from(cause);",
    '    if (caller) return { name: "x", scopes: new Set(["chat", "sessions"]), logFields: {} } as any;\n    const error = GatewayError.from(cause);',
    { tests: ["a wrong token is refused with the protocol's code and counted like any other"] },
  ),
  without(["W02"], newcomers, "const perAddressMax = 32;", "const perAddressMax = 3200;"),
  // Late is late, whoever was it.
  without(["W03"], "src/base/deadline.ts", "!wasLate ? graceMs : 0;", "!wasLate ? 0 : 0;", {
    tests: ["a process that was late does not close a client that was in time"],
  }),
  without(["W03"], newcomers, '() => opened.close(1008, "no connect in time")', "() => undefined", {
    tests: ["a client that says nothing is closed in time, and its place is free again"],
  }),
  without(["W04"], newcomers, "if (bytes <= bytesMax) return;", "return;", {
    tests: ["a stranger may send 64 KiB, in one frame or in many"],
  }),
  without(["W04"], sockets, "maxPayload: payloadBytesMax,", "maxPayload: 100 * payloadBytesMax,", {
    tests: ["a frame that is longer than is said is closed with 1009, and a shorter one is read"],
  }),
  without(["W06"], sockets, "maxFragments: fragmentsMax,", "maxFragments: 1_000_000,"),
  without(["W07"], sockets, "perMessageDeflate: false,", "perMessageDeflate: true,"),
  without(["W08"], sockets, "perMessageDeflate: false,", "perMessageDeflate: false,\n      skipUTF8Validation: true,"),
  without(
    ["W11"],
    "src/socket/handshake.ts",
    'if (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0)',
    'if (headers["transfer-encoding"] !== undefined)',
    { tests: ["a handshake %s is refused as HTTP, and makes no connection"] },
  ),
  without(
    ["W12"],
    "src/socket/handshake.ts",
    'if (headers["sec-websocket-version"] !== "13") {',
    'if (headers["sec-websocket-version"] === "x") {',
    { tests: ["a handshake %s is refused as HTTP, and makes no connection"] },
  ),
  without(["W13"], "src/edge/server.ts", "maxHeaderSize: headerBytesMax,", "maxHeaderSize: 1_000_000,", {
    also: [{ file: "src/edge/framing.ts", from: "headerFieldsMax = 100;", to: "headerFieldsMax = 100_000;" }],
  }),
  without(["W15"], "src/socket/outbox.ts", "if (this.#isBehind()) {", "if (this.#isBehind() && this.#seq < 0) {", {
    tests: ["a reader that stops is closed with 1013 and its run goes on; the others miss nothing"],
  }),
  without(["W15"], sockets, "if (this.#held > most) this.#held =", "if (this.#held < 0) this.#held =", {
    tests: ["readers that stop give way together, before each of them holds what it may"],
  }),
  without(
    ["W16"],
    "src/socket/frames.ts",
    "return { id: findId(value) ?? namelessId, fault };",
    "return { id: namelessId, fault };",
    {
      tests: ["frames that are no requests are answered, and closed when there are ten"],
    },
  ),
  without(
    ["W16"],
    "src/socket/call-method.ts",
    'return Object.hasOwn(socketMethods, name) && name !== "connect";',
    'return name in socketMethods && name !== "connect";',
    { tests: ["%s is refused under its id, and the connection lives"] },
  ),
  without(
    ["W17"],
    connection,
    "silentTicksMax * face().settings.tickMs) return socket.terminate();",
    "silentTicksMax * face().settings.tickMs) return;",
  ),
];
