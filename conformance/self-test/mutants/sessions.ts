import { toRefusal, withFields } from "../edit.ts";
import { type Change, defineMutants, type ProxiedCall } from "../mutant.ts";

type Changed = ReturnType<NonNullable<Change["call"]>>;

const keyHeader = "x-openclaw-session-key";

/** Faults in which calls share a session, and in what a session holds. */
export const sessionMutants = defineMutants([
  {
    id: "sessions-none",
    what: "Nothing is remembered, whatever names a session.",
    call: (call) => ({ ...withUser(call, () => undefined), headers: { ...call.headers, [keyHeader]: undefined } }),
    killedBy: ["SESS-02", "SESS-04", "SESS-05", "SESS-06", "SESS-08", "SESS-10", "SESS-12"],
  },
  {
    id: "sessions-one-for-all",
    what: "All callers share one session.",
    call: (call) => withUser(call, () => "everybody"),
    killedBy: ["SESS-01", "SESS-03", "SESS-06", "SESS-12"],
  },
  {
    id: "session-key-ignored",
    what: "The header with the session key is ignored.",
    call: (call) => ({ headers: { ...call.headers, [keyHeader]: undefined } }),
    killedBy: ["SESS-04", "SESS-05"],
  },
  {
    id: "session-user-before-key",
    what: "`user` wins over the session key.",
    call: (call) => (call.body?.["user"] ? { headers: { ...call.headers, [keyHeader]: undefined } } : undefined),
    killedBy: ["SESS-04"],
  },
  {
    id: "session-shared-by-agents",
    what: "Agents share the sessions of their callers.",
    call: (call) => ({ headers: { ...call.headers, "x-openclaw-agent-id": undefined } }),
    killedBy: ["SESS-05"],
  },
  {
    id: "session-user-lower-case",
    what: "`user` is compared without its case.",
    call: (call) => withUser(call, (user) => user.toLowerCase()),
    killedBy: ["SESS-06"],
  },
  {
    id: "session-user-normalized",
    what: "`user` is normalized, so that two spellings are one user.",
    call: (call) => withUser(call, (user) => user.normalize("NFC")),
    killedBy: ["SESS-06"],
  },
  {
    id: "session-user-as-path",
    what: "`user` is resolved as a path.",
    call: (call) => withUser(call, (user) => new URL(user, "file:///").pathname.slice(1)),
    killedBy: ["SESS-06"],
  },
  {
    id: "session-user-shortened",
    what: "`user` is cut after 64 characters.",
    call: (call) => withUser(call, (user) => user.slice(0, 64)),
    killedBy: ["SESS-06"],
  },
  {
    id: "session-user-trimmed",
    what: "`user` is trimmed.",
    call: (call) => withUser(call, (user) => user.trim()),
    killedBy: ["SESS-06"],
  },
  {
    id: "session-of-streams-apart",
    what: "Streamed calls have sessions of their own.",
    call: (call) => (call.body?.["stream"] === true ? withUser(call, (user) => `${user}-stream`) : undefined),
    killedBy: ["SESS-08"],
  },
  {
    id: "session-busy-without-retry-after",
    what: "A second call of a busy session is refused without saying when to come back.",
    ...refuseWhileBusy(),
    killedBy: ["SESS-09"],
  },
  {
    id: "session-turns-mixed",
    what: "Turns that come at once are answered with each other's text.",
    call: (call) => {
      const text = JSON.stringify(call.body?.["messages"]);
      return text.includes("@@echo answer 1") ? { bytes: replaced(call, "answer 1", "answer 2") } : undefined;
    },
    killedBy: ["SESS-09"],
  },
  {
    id: "session-stuck-after-failure",
    what: "A session in which a call has failed refuses all later ones: openclaw/openclaw#47136.",
    ...refuseAfterFailure(),
    killedBy: ["SESS-10"],
  },
  {
    id: "session-history-twice",
    what: "What the client sends of the conversation is put behind what is remembered of it.",
    call: (call) => {
      const messages = call.body?.["messages"];
      return Array.isArray(messages) && messages.length > 1 && call.body?.["user"]
        ? withFields(call, { messages: [...(messages as unknown[]).slice(0, -1), ...(messages as unknown[])] })
        : undefined;
    },
    killedBy: ["SESS-11"],
  },
  {
    id: "session-by-safety-identifier",
    what: "`safety_identifier` chooses the session.",
    call: (call) => {
      const identifier = call.body?.["safety_identifier"];
      return identifier === undefined ? undefined : withFields(call, { user: identifier });
    },
    killedBy: ["SESS-12"],
  },
]);

/** The request of another user; one without `user` is given what an empty one becomes. */
function withUser(
  call: ProxiedCall,
  edit: (user: string) => string | undefined,
): Pick<ProxiedCall, "bytes"> | undefined {
  const user = call.body?.["user"];
  const changed = edit(typeof user === "string" ? user : "");
  return withFields(call, { user: changed === "" ? undefined : changed });
}

function replaced({ bytes }: ProxiedCall, from: string, to: string): Buffer {
  return Buffer.from(bytes.toString("utf8").replace(from, to));
}

function refuseWhileBusy(): Pick<Change, "call" | "answer"> {
  const busy = new Set<unknown>();
  return {
    call: ({ body }): Changed => {
      const user = body?.["user"];
      if (user === undefined) return undefined;
      if (busy.has(user)) return toRefusal(409, "the session is busy");
      busy.add(user);
      return undefined;
    },
    answer: (answer, { body }) => {
      busy.delete(body?.["user"]);
      return answer;
    },
  };
}

function refuseAfterFailure(): Pick<Change, "call" | "answer"> {
  const stuck = new Set<unknown>();
  return {
    call: ({ body }): Changed => (stuck.has(body?.["user"]) ? toRefusal(400, "the session is broken") : undefined),
    answer: (answer, { body }) => {
      if (answer.status >= 500 && body?.["user"] !== undefined) stuck.add(body["user"]);
      return answer;
    },
  };
}
