import { expectEqual, expectThat } from "../expect.ts";
import { toChallenge, toConnect } from "../lens/sign-in.ts";
import { without } from "../self-test/edit.ts";
import { editConnect, toOk } from "../self-test/socket-edit.ts";
import { defineSocketCases, toRefusal } from "./websocket-talk.ts";

/** Gateways give a client 15 s to say `connect`; a little more for one that looks every few seconds. */
const silenceMs = 20_000;

export const socketStrangerCases = defineSocketCases([
  {
    id: "WS-07",
    level: "MUST",
    requirement: "A token in the address is not read: only that of `connect` counts.",
    source: "Addresses stand in the logs of proxies and in histories of browsers; CWE-598.",
    needs: ["auth"],
    finds: ["ws-token-any"],
    faults: [
      {
        id: "ws-token-in-query",
        what: "A token in the address is taken.",
        socket: (connection) =>
          editConnect((params) => {
            const token = connection.query.get("token");
            return token === null ? params : { ...params, auth: { token } };
          })(connection),
      },
    ],
    async run(context) {
      const socket = await context.dial({ query: `?token=${encodeURIComponent(context.subject.apiKey)}` });
      // A gateway may as well refuse such an address altogether.
      if (socket.status !== 101) return;
      await toChallenge(socket);
      const answer = await socket.answer("connect", toConnect(context.subject, { auth: undefined }));
      toRefusal(answer, "`connect` with the token in the query only");
    },
  },
  {
    id: "WS-08",
    level: "MUST",
    requirement: "Nothing is answered before `connect`: any other request is refused, or the connection closed.",
    source: "Whoever answers before has no secret at all.",
    faults: [
      {
        id: "ws-open-before-connect",
        what: "Requests are answered before `connect`.",
        socket: ({ toClient }) => ({
          up: (frame) => {
            if (frame["method"] !== "health") return frame;
            toClient(toOk(frame, { ok: true }));
            return undefined;
          },
        }),
      },
    ],
    async run(context) {
      for (const method of ["health", "chat.history", "sessions.list"]) {
        const socket = await context.dial();
        await toChallenge(socket);
        const id = socket.ask(method, method === "chat.history" ? { sessionKey: "main" } : {});
        await socket.until(
          () => socket.answers(id)[0] ?? socket.closing,
          `\`${method}\` before \`connect\` to be refused`,
        );
        const [answer] = socket.answers(id);
        expectThat(answer?.ok !== true, `\`${method}\` before \`connect\` to be refused`, answer);
      }
    },
  },
  {
    id: "WS-09",
    level: "SHOULD",
    requirement: "Before `connect` a frame of more than 64 KiB is not read.",
    source: "The protocol's limits: whoever has not signed in could fill the memory with connections.",
    finds: ["ws-token-any"],
    faults: [
      {
        id: "ws-first-frame-any-length",
        what: "The first frame may be of any length.",
        socket: editConnect((params) => without(params, "padding")),
      },
    ],
    async run(context) {
      const socket = await context.dial();
      await toChallenge(socket);
      const id = socket.ask("connect", toConnect(context.subject, { padding: "x".repeat(128 * 1024) }));
      await socket.until(() => socket.answers(id)[0] ?? socket.closing, "a `connect` of 128 KiB to be refused");
      const [answer] = socket.answers(id);
      expectThat(answer?.ok !== true, "a `connect` of 128 KiB to be refused", answer);
    },
  },
  {
    id: "WS-10",
    level: "SHOULD",
    requirement: "A client that says nothing is closed after 15 s.",
    source: "The protocol's limits: idle connections that have not signed in are what floods are made of.",
    limitMs: 35_000,
    finds: ["ws-refused-stays-open"],
    async run(context) {
      const socket = await context.dial();
      await toChallenge(socket);
      await socket.closed("a connection that has said nothing to be closed", silenceMs);
    },
  },
  {
    id: "WS-11",
    level: "MUST",
    requirement: "A page of a foreign web origin is not let in, even with the token.",
    source: "Cross-site WebSocket hijacking (CWE-1385): browsers send a WebSocket's `Origin`, and ask nobody.",
    faults: [
      {
        id: "ws-origin-any",
        what: "Pages of every origin are let in.",
        handshake: (headers) => ({ ...headers, origin: undefined }),
      },
    ],
    async run(context) {
      const socket = await context.dial({ headers: { origin: "https://attacker.example" } });
      if (socket.status !== 101) return;
      await toChallenge(socket);
      const answer = await socket.answer("connect", toConnect(context.subject)).catch(() => ({ ok: false }));
      expectThat(answer.ok !== true, "a `connect` from https://attacker.example to be refused", answer);
    },
  },
  {
    id: "WS-12",
    level: "SHOULD",
    requirement: "Compression is not agreed to, even if the client offers it.",
    source:
      "permessage-deflate keeps about 300 KB a connection, and frames of secrets beside chosen text: CWE-310, CRIME.",
    faults: [
      {
        id: "ws-compressed",
        what: "Compression is agreed to.",
        compress: true,
      },
    ],
    async run(context) {
      const { headers } = await context.dial({ compress: true });
      expectEqual(headers["sec-websocket-extensions"], undefined, "`Sec-WebSocket-Extensions` of the answer");
    },
  },
]);
