import { defineCases } from "../case.ts";
import { expectThat } from "../expect.ts";
import { withFields } from "../self-test/edit.ts";
import type { ProxiedCall } from "../self-test/mutant.ts";
import { expectStatus } from "./sdk-answer.ts";
import { expectKnown, expectUnknown, knows, tell, tellWord, toBody, toHeaders, toName } from "./sessions-talk.ts";

const keyHeader = "x-openclaw-session-key";

const contract = "OpenClaw's OpenAI-compatible endpoint: session behaviour";

/** Which calls share a session. */
export const sessionCases = defineCases([
  {
    id: "SESS-01",
    level: "EXT",
    requirement: "A call without `user` and without a session key is a session of its own.",
    source: `${contract} (stateless by default)`,
    needs: ["memory"],
    faults: [
      {
        id: "sessions-one-for-all",
        what: "All callers share one session.",
        call: (call) => withUser(call, () => "everybody"),
      },
    ],
    async run(context) {
      const word = await tellWord(context, {});
      await expectUnknown(context, {}, word, "another call without a session");
    },
  },
  {
    id: "SESS-02",
    level: "EXT",
    requirement: "Calls with the same `user` share a session.",
    source: `${contract} (a stable session key is derived from user)`,
    needs: ["memory"],
    faults: [
      {
        id: "sessions-none",
        what: "Nothing is remembered, whatever names a session.",
        call: (call) => ({ ...withUser(call, () => undefined), headers: { ...call.headers, [keyHeader]: undefined } }),
      },
    ],
    async run(context) {
      const caller = { user: toName("alice") };
      const word = await tellWord(context, caller);
      await expectKnown(context, caller, word, "a second call of the same user");
    },
  },
  {
    id: "SESS-03",
    level: "EXT",
    requirement: "Calls with another `user` do not share it.",
    source: `${contract} (a stable session key is derived from user)`,
    needs: ["memory"],
    finds: ["sessions-one-for-all"],
    async run(context) {
      const word = await tellWord(context, { user: toName("alice") });
      await expectUnknown(context, { user: toName("bob") }, word, "another user");
      await expectUnknown(context, {}, word, "a call without a user");
    },
  },
  {
    id: "SESS-04",
    level: "EXT",
    requirement: "`x-openclaw-session-key` chooses the session, and wins over `user`.",
    source: `${contract} (the header fully controls session routing)`,
    needs: ["memory"],
    finds: ["sessions-none"],
    faults: [
      {
        id: "session-key-ignored",
        what: "The header with the session key is ignored.",
        call: (call) => ({ headers: { ...call.headers, [keyHeader]: undefined } }),
      },
      {
        id: "session-user-before-key",
        what: "`user` wins over the session key.",
        call: (call) => (call.body?.["user"] ? { headers: { ...call.headers, [keyHeader]: undefined } } : undefined),
      },
    ],
    async run(context) {
      const key = toName("key");
      const [alice, bob] = [toName("alice"), toName("bob")];
      const word = await tellWord(context, { key, user: alice });
      await expectKnown(context, { key, user: bob }, word, "another user with the same key");
      await expectKnown(context, { key }, word, "no user with the same key");
      await expectUnknown(context, { user: alice }, word, "the same user without the key");
      await expectUnknown(context, { key: toName("key"), user: alice }, word, "the same user with another key");
    },
  },
  {
    id: "SESS-05",
    level: "EXT",
    requirement: "A session belongs to its agent: the same key or `user` with another agent is another session.",
    source: `${contract}; session keys are agent:<agentId>:…`,
    needs: ["memory", "agents"],
    finds: ["sessions-none", "session-key-ignored"],
    faults: [
      {
        id: "session-shared-by-agents",
        what: "Agents share the sessions of their callers.",
        call: (call) => ({ headers: { ...call.headers, "x-openclaw-agent-id": undefined } }),
      },
    ],
    async run(context) {
      for (const caller of [{ key: toName("key") }, { user: toName("alice") }]) {
        const word = await tellWord(context, { ...caller, agent: "main" });
        await expectUnknown(context, { ...caller, agent: "beta" }, word, "another agent");
        await expectKnown(context, { ...caller, agent: "main" }, word, "the same agent");
      }
    },
  },
  {
    id: "SESS-06",
    level: "EXT",
    requirement:
      "`user` is compared exactly, whatever its case, Unicode form, length or path characters; what cannot be is refused with 400, never shortened or mangled.",
    source: "One user must never read the session of another: CWE-706, use of incorrectly resolved name",
    needs: ["memory"],
    finds: ["sessions-none", "sessions-one-for-all"],
    faults: [
      {
        id: "session-user-lower-case",
        what: "`user` is compared without its case.",
        call: (call) => withUser(call, (user) => user.toLowerCase()),
      },
      {
        id: "session-user-normalized",
        what: "`user` is normalized, so that two spellings are one user.",
        call: (call) => withUser(call, (user) => user.normalize("NFC")),
      },
      {
        id: "session-user-as-path",
        what: "`user` is resolved as a path.",
        call: (call) => withUser(call, (user) => new URL(user, "file:///").pathname.slice(1)),
      },
      {
        id: "session-user-shortened",
        what: "`user` is cut after 64 characters.",
        call: (call) => withUser(call, (user) => user.slice(0, 64)),
      },
      {
        id: "session-user-trimmed",
        what: "`user` is trimmed.",
        call: (call) => withUser(call, (user) => user.trim()),
      },
    ],
    async run(context) {
      const id = toName("x");
      const long = `${id}-${"u".repeat(511 - id.length - 1)}`;
      const pairs: readonly (readonly [string, string])[] = [
        [`Alice-${id}`, `alice-${id}`],
        [`caf\u00e9-${id}`, `cafe\u0301-${id}`],
        [`${id}/../${id}-b`, `${id}-b`],
        [`${id}:main`, `${id}%3Amain`],
        [` ${id}`, id],
        [`${id}-line`, `${id}-line\n`],
        [`${long}a`, `${long}b`],
      ];
      for (const [one, other] of pairs) {
        const word = `kumquat${toName("").slice(1, 9)}`;
        if (!(await isAccepted(context, one, `Please remember that the code word is ${word}.`))) continue;
        await expectKnown(context, { user: one }, word, `the user ${JSON.stringify(one).slice(0, 60)}`);
        if (!(await isAccepted(context, other, "hi"))) continue;
        const shown = `${JSON.stringify(other).slice(0, 60)}, which is not ${JSON.stringify(one).slice(0, 60)},`;
        await expectUnknown(context, { user: other }, word, shown);
      }
    },
  },
  {
    id: "SESS-08",
    level: "EXT",
    requirement: "A session is the same whether its calls are streamed or not.",
    source: `${contract}; both modes run the same agent`,
    needs: ["memory"],
    finds: ["sessions-none"],
    faults: [
      {
        id: "session-of-streams-apart",
        what: "Streamed calls have sessions of their own.",
        call: (call) => (call.body?.["stream"] === true ? withUser(call, (user) => `${user}-stream`) : undefined),
      },
    ],
    async run(context) {
      const caller = { user: toName("alice") };
      const streamed = await tellWord(context, { ...caller, stream: true });
      await expectKnown(context, caller, streamed, "a JSON call after a streamed one");
      const plain = await tellWord(context, caller);
      await expectKnown(context, { ...caller, stream: true }, plain, "a streamed call after a JSON one");
    },
  },
  {
    id: "SESS-12",
    level: "EXT",
    requirement: "`safety_identifier` and `prompt_cache_key` do not choose the session.",
    source:
      "OpenAI's document: CreateChatCompletionRequest.user (deprecated in favour of these two); they name no session",
    needs: ["memory"],
    finds: ["sessions-none", "sessions-one-for-all"],
    faults: [
      {
        id: "session-by-safety-identifier",
        what: "`safety_identifier` chooses the session.",
        call: (call) => {
          const identifier = call.body?.["safety_identifier"];
          return identifier === undefined ? undefined : withFields(call, { user: identifier });
        },
      },
    ],
    async run(context) {
      const user = toName("alice");
      const [one, other] = ["a", "b"].map((value) => ({ safety_identifier: value, prompt_cache_key: value }));
      const word = await tellWord(context, { user, fields: { ...one } });
      await expectKnown(context, { user, fields: { ...other } }, word, "the same user with other identifiers");
      const alone = await tellWord(context, { fields: { safety_identifier: user, prompt_cache_key: user } });
      const same = { fields: { safety_identifier: user, prompt_cache_key: user } };
      expectThat(!(await knows(context, same, alone)), "no session from these two fields", "they share one");
    },
  },
]);

/** Whether the user is accepted; anything but 200 and 400 fails. */
async function isAccepted(context: Parameters<typeof tell>[0], user: string, text: string): Promise<boolean> {
  const answer = await context.chat(toBody(context, { user }, text), { headers: toHeaders({}) });
  if (answer.status === 400) return false;
  expectStatus(answer, 200, `the call of user ${JSON.stringify(user).slice(0, 60)}`);
  return true;
}

/** The request of another user; one without `user` is given what an empty one becomes. */
function withUser(
  call: ProxiedCall,
  edit: (user: string) => string | undefined,
): Pick<ProxiedCall, "bytes"> | undefined {
  const user = call.body?.["user"];
  const changed = edit(typeof user === "string" ? user : "");
  return withFields(call, { user: changed === "" ? undefined : changed });
}
