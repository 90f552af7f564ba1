import type { Message } from "../base/contract.ts";
import type { OpenSession, SessionStore, StoredMessage } from "./store.ts";

export const leaseMs = 60_000;
export const user = (content: string): Message => ({ role: "user", content });
export const answer = (content: string): Message => ({ role: "assistant", content });

export async function mustOpen(store: SessionStore, key: string, ms = leaseMs): Promise<OpenSession> {
  const session = await store.open(key, ms);
  if (session === undefined) throw new Error(`The session ${key} is leased.`);
  return session;
}

export async function addTurn(
  store: SessionStore,
  key: string,
  messages: readonly StoredMessage[],
  keep?: number,
): Promise<void> {
  const session = await mustOpen(store, key);
  await store.commit(session.lease, { keep: keep ?? session.messages.length, append: messages });
}
