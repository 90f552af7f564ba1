import { describe, expect, test } from "vitest";
import { besideMs, type Receipt, type SessionStore } from "./store.ts";
import { addTurn, leaseMs, mustOpen, user } from "./turns.fixture.ts";

const receipt: Receipt = { digest: "d", answer: '{"a":"\\u0000"}', again: false };

async function addReceipt(store: SessionStore, key: string, given = receipt): Promise<void> {
  const { lease, messages } = await mustOpen(store, key);
  await store.commit(lease, { keep: messages.length, append: [user("1")], receipt: given });
}

/** A call with this digest comes again, or is asked anew. */
async function meet(
  store: SessionStore,
  key: string,
  { at = Date.now(), digest = "d" as string | null, again = true },
): Promise<Receipt | undefined> {
  const session = await store.open(key, leaseMs, { at, digest: digest ?? undefined, again });
  if (session === undefined) throw new Error("The session is leased.");
  await store.release(session.lease);
  return session.receipt;
}

/** The part of the store contract that is about answers that were lost on their way. */
export function defineReceiptTests(connect: () => Promise<SessionStore>): void {
  describe("a receipt", () => {
    test("is for the same call of the same session, sent again, in every store and as often as it comes", async () => {
      const [a, b] = [await connect(), await connect()];
      await addReceipt(a, "k");
      for (const store of [a, b, a]) expect(await meet(store, "k", {})).toEqual(receipt);
      expect(await meet(a, "k", { digest: "other" })).toBeUndefined();
      expect(await meet(a, "K", {})).toBeUndefined();
    });

    test("is the last of its call", async () => {
      const store = await connect();
      await addReceipt(store, "k");
      await addReceipt(store, "k", { ...receipt, answer: "new" });
      expect(await meet(store, "k", {})).toEqual({ ...receipt, answer: "new" });
    });

    test("is forgotten when the same is asked anew, though no turn may come of that", async () => {
      const store = await connect();
      await addReceipt(store, "k");
      await addReceipt(store, "other");
      expect(await meet(store, "k", { again: false })).toBeUndefined();
      expect(await meet(store, "k", {})).toBeUndefined();
      expect(await meet(store, "other", {})).toEqual(receipt);
    });

    test.each([null, "other"])("is forgotten a while later when something else is asked (%s)", async (digest) => {
      const store = await connect();
      await addReceipt(store, "k");
      await meet(store, "k", { digest, again: false });
      expect(await meet(store, "k", {})).toEqual(receipt);
      await meet(store, "k", { digest, again: false, at: Date.now() + besideMs });
      expect(await meet(store, "k", {})).toBeUndefined();
    });

    test("stays when somebody asks who was waiting already, or is sent again too", async () => {
      const store = await connect();
      const at = Date.now() - 1;
      await addReceipt(store, "k");
      await meet(store, "k", { at, again: false });
      await meet(store, "k", { digest: "other" });
      await addTurn(store, "k", [user("2")]);
      expect(await meet(store, "k", {})).toEqual(receipt);
    });

    test("is for the call itself as well, if that was sent again while it waited, and for no other that is equal", async () => {
      const store = await connect();
      const at = Date.now() - 1_000;
      await addReceipt(store, "k");
      expect(await meet(store, "k", { at, again: false })).toBeUndefined();
      const given = { ...receipt, again: true };
      await addReceipt(store, "k", given);
      expect(await meet(store, "k", { at, again: false })).toEqual(given);
      expect(await meet(store, "k", { again: false })).toBeUndefined();
      expect(await meet(store, "k", { at, again: false })).toBeUndefined();
    });

    test.each(["erased", "begun anew"])("goes when its session is %s", async (how) => {
      const store = await connect();
      await addReceipt(store, "k");
      const { lease } = await mustOpen(store, "k");
      await (how === "erased" ? store.erase(lease) : store.commit(lease, { keep: 0, append: [] }));
      expect(await meet(store, "k", {})).toBeUndefined();
    });
  });
}
