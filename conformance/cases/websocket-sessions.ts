import { expectArray, expectEqual, expectObject, expectOneOf, isObject, Skip } from "../expect.ts";
import { answered } from "../self-test/socket-edit.ts";
import { defineSocketCases, enter, readHistory, say, sayWell, toKey, toPrompt } from "./websocket-talk.ts";

/** What becomes of a session that somebody clears or removes. */
export const socketSessionCases = defineSocketCases([
  {
    id: "WS-49",
    level: "MUST",
    requirement:
      "`sessions.reset` makes the agent forget: the history is empty, and the next turn knows nothing of it.",
    source: "`/new` of openclaw tui and of the Control UI.",
    limitMs: 30_000,
    faults: [
      {
        id: "ws-reset-without-effect",
        what: "`sessions.reset` is answered, and nothing is forgotten.",
        socket: answered("sessions.reset", { ok: true }),
      },
    ],
    async run(context) {
      const { socket } = await enterAsAdmin(context);
      const sessionKey = toKey("reset");
      await say(socket, sessionKey, toPrompt(context));
      const { ok } = await socket.request("sessions.reset", { key: sessionKey });
      expectEqual(ok, true, "`ok` of `sessions.reset`");
      expectEqual(await readHistory(socket, sessionKey), [], "the history after `sessions.reset`");
    },
  },
  {
    id: "WS-50",
    level: "MUST",
    requirement: "`sessions.delete` removes a session: it is described as `null`, and listed no more.",
    source: "Dashboards that tidy up; openclaw tui asks `sessions.describe` first, and takes `null` for a new session.",
    limitMs: 30_000,
    faults: [
      {
        id: "ws-delete-without-effect",
        what: "`sessions.delete` is answered, and nothing is removed.",
        socket: answered("sessions.delete", { ok: true, deleted: true }),
      },
    ],
    async run(context) {
      const { socket } = await enterAsAdmin(context);
      const sessionKey = toKey("delete");
      await sayWell(socket, sessionKey, toPrompt(context));
      const before = await socket.request("sessions.describe", { key: sessionKey });
      expectObject(before["session"], "`session` of `sessions.describe`");
      await socket.request("sessions.delete", { key: sessionKey });
      const { session } = await socket.request("sessions.describe", { key: sessionKey });
      expectEqual(session, null, "`session` once it was deleted");
      const { sessions } = await socket.request("sessions.list", { search: sessionKey });
      expectArray(sessions, "`sessions`");
      const left = sessions.filter((row) => JSON.stringify(row).includes(sessionKey));
      expectEqual(left, [], "what `sessions.list` has of a session that was deleted");
    },
  },
]);

/** Skips where the token may not reset and delete. */
async function enterAsAdmin(context: Parameters<typeof enter>[0]): ReturnType<typeof enter> {
  const entered = await enter(context, { scopes: ["operator.read", "operator.write", "operator.admin"] });
  const { auth } = entered.hello;
  const scopes = isObject(auth) && Array.isArray(auth["scopes"]) ? auth["scopes"] : [];
  if (!scopes.includes("operator.admin")) throw new Skip("the token is not granted `operator.admin`");
  expectOneOf("operator.read", scopes, "what comes with `operator.admin`");
  return entered;
}
