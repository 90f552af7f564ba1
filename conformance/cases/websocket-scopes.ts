import { expectEqual, expectObject, expectThat } from "../expect.ts";
import { toChallenge, toConnect } from "../lens/sign-in.ts";
import { without } from "../self-test/edit.ts";
import { editAnswer, editConnect } from "../self-test/socket-edit.ts";
import type { Frame } from "../self-test/socket-proxy.ts";
import { randomUUID } from "../unique.ts";
import { library } from "./websocket-handshake.ts";
import { defineSocketCases, enter, toRefusal } from "./websocket-talk.ts";

export const socketScopeCases = defineSocketCases([
  {
    id: "WS-13",
    level: "MUST",
    requirement: "`hello-ok.auth.scopes` says what was granted of what was asked for, and nothing that was not.",
    source: "Scopes that went away in silence: openclaw#19858, #27494, #17750, #47640, crabwalk#61, clawmetry#607.",
    finds: ["ws-token-any"],
    faults: [
      {
        id: "ws-scopes-more",
        what: "More is granted than was asked for.",
        socket: editConnect((params) => ({ ...params, scopes: ["operator.read", "operator.write"] })),
      },
      {
        id: "ws-scopes-unsaid",
        what: "It is not said what was granted.",
        socket: editAnswer("connect", (payload) => ({ ...payload, auth: without(payload["auth"] as Frame, "scopes") })),
      },
    ],
    async run(context) {
      const { hello } = await enter(context, { scopes: ["operator.read"] });
      const { auth } = hello;
      expectObject(auth, "`auth` of `hello-ok`");
      expectEqual(auth["scopes"], ["operator.read"], "`auth.scopes` for who asks for `operator.read`");
    },
  },
  {
    id: "WS-14",
    level: "MUST",
    requirement: "What is said to be granted works.",
    source: "A connect that is answered and then refuses every request: openclaw#46276, #46689, #63344, opencami#2.",
    finds: ["ws-scopes-unsaid"],
    faults: [
      {
        id: "ws-scopes-cleared",
        what: "Scopes are taken away in silence.",
        socket: (connection) => ({
          ...editConnect((params) => ({ ...params, scopes: ["operator.approvals"] }))(connection),
          ...editAnswer("connect", (payload) => ({
            ...payload,
            auth: { role: "operator", scopes: ["operator.read", "operator.write"] },
          }))(connection),
        }),
      },
    ],
    async run(context) {
      const { socket, hello } = await enter(context);
      const { auth } = hello;
      expectObject(auth, "`auth` of `hello-ok`");
      const scopes = Array.isArray(auth["scopes"]) ? auth["scopes"] : [];
      if (scopes.includes("operator.read")) await socket.request("sessions.list", { limit: 1 });
      // Of a run that nobody knows there is nothing to end: only whether it may be asked.
      if (scopes.includes("operator.write")) await socket.request("chat.abort", { sessionKey: "main", runId: "none" });
      expectThat(scopes.length > 0, "a `connect` with the token to be granted something", scopes);
    },
  },
  {
    id: "WS-15",
    level: "MUST",
    requirement: "A method whose scope was not granted is refused with the scope's name, as details and as text.",
    source: `${library} reads \`details.code\` MISSING_SCOPE; older dashboards search the text \`missing scope: …\`.`,
    finds: ["ws-refusal-without-details", "ws-scopes-more"],
    faults: [
      {
        id: "ws-scope-text-other",
        what: "A missing scope is told in other words.",
        socket: () => ({
          down: (frame) =>
            frame["ok"] === false
              ? { ...frame, error: { ...(frame["error"] as Frame), message: "not allowed" } }
              : frame,
        }),
      },
    ],
    async run(context) {
      const { socket } = await enter(context, { scopes: ["operator.read"] });
      const sent = { sessionKey: "conformance-scope", message: "Hello.", idempotencyKey: randomUUID() };
      const { message, details } = toRefusal(
        await socket.answer("chat.send", sent),
        "`chat.send` with `operator.read`",
      );
      expectThat(String(message).includes("missing scope: operator.write"), "the text `missing scope: …`", message);
      expectEqual(details["code"], "MISSING_SCOPE", "`details.code`");
      expectEqual(details["missingScope"], "operator.write", "`details.missingScope`");
    },
  },
  {
    id: "WS-16",
    level: "SHOULD",
    requirement: "Who may have none of what they ask for is refused at `connect`, not let in with nothing.",
    source: "A client that is connected and can do nothing looks broken: openclaw#81775, #90306, control-center#51.",
    finds: ["ws-token-any", "ws-scopes-more"],
    async run(context) {
      const socket = await context.dial();
      await toChallenge(socket);
      const params = toConnect(context.subject, { scopes: ["operator.nothing-of-that-name"] });
      toRefusal(await socket.answer("connect", params), "`connect` with a scope that nobody grants");
    },
  },
]);
