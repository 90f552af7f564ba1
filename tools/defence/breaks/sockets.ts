import { type Break, without } from "../break.ts";

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
  without(["W07"], sockets, "perMessageDeflate: false,", "perMessageDeflate: true,"),
  without(
    ["W11"],
    "src/socket/handshake.ts",
    'if (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0)',
    'if (headers["transfer-encoding"] !== undefined)',
    { tests: ["a handshake %s is refused as HTTP, and makes no connection"] },
  ),
  without(["W15"], "src/socket/outbox.ts", "if (this.#isBehind()) {", "if (this.#isBehind() && this.#seq < 0) {", {
    tests: ["a reader that stops is closed with 1013 and its run goes on; the others miss nothing"],
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
];
