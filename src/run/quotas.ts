import { randomUUID } from "node:crypto";
import type { Log } from "../base/log.ts";
import type { QuotaMetrics } from "../base/metrics.ts";
import { type Clock, KeyQuota, type Limits } from "../base/quota.ts";
import { RequestSlices } from "../base/request-slices.ts";
import type { SessionStore } from "../session/store.ts";

/** What the keys of a gateway have used, kept beside the sessions as far as it is for the day. */
export interface Quotas {
  /** The quota of a key, the same for the same name, with the limits given last; undefined for one without limits. */
  readonly of: (name: string, limits: Limits) => KeyQuota | undefined;
  /**
   * Exchanges with the store what was spent: what others have spent counts here, and what was spent here there. Gives back
   * what was asked for and is not used.
   */
  save(): Promise<void>;
  /** Saves what is left. */
  stop(): Promise<void>;
}

export interface QuotasParts {
  readonly store: Pick<SessionStore, "addUse" | "takeSlice">;
  readonly metrics: QuotaMetrics;
  readonly log: Log;
  readonly clock?: Clock;
}

/** A crash forgets what was spent in so long, at the most. */
const saveMs = 2000;

const realClock: Clock = { steady: () => performance.now(), wall: Date.now };

export function createQuotas({ store, metrics, log, clock = realClock }: QuotasParts): Quotas {
  const quotas = new Map<string, KeyQuota>();
  let timer: NodeJS.Timeout | undefined;
  let saving: Promise<void> = Promise.resolve();

  const giveBack = async (): Promise<void> =>
    void (await Promise.all(Array.from(quotas.values(), (quota) => quota.giveBackRequests())));
  const exchange = async (): Promise<void> => {
    const taken = [...quotas.values()].map((quota) => ({ quota, name: quota.name, ...quota.takeUnsaved() }));
    if (taken.length === 0) return;
    try {
      const totals = await store.addUse(taken.map(({ name, day, tokens }) => ({ name, day, tokens })));
      for (const [index, { quota, day }] of taken.entries()) quota.learn({ day, tokens: totals[index] ?? 0 });
    } catch (error) {
      for (const { quota, ...use } of taken) quota.giveBack(use);
      log.warn({ err: error }, "what keys have spent is not saved; it is tried again");
      saveSoon();
    }
  };
  const save = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    saving = Promise.all([saving.then(exchange), giveBack()]).then(() => undefined);
    return saving;
  };
  /** One timer for all keys, and none while nobody spends. */
  const saveSoon = (): void => {
    timer ??= setTimeout(() => void save(), saveMs).unref();
  };

  const create = (name: string): KeyQuota => {
    const take = store.takeSlice?.bind(store);
    const slices = take && new RequestSlices({ name, take, clock, createId: randomUUID, onSpare: saveSoon });
    return new KeyQuota({
      name,
      clock,
      onRefused: (limit) => metrics.refusedByLimit(name, limit),
      onSpent: saveSoon,
      slices,
    });
  };

  return {
    of(name, limits) {
      const { requestsPerMinute, runsMax, tokensPerDay } = limits;
      if ((requestsPerMinute ?? runsMax ?? tokensPerDay) === undefined) return undefined;
      const known = quotas.get(name);
      const quota = known ?? create(name);
      quotas.set(name, quota);
      quota.limit(limits);
      return quota;
    },
    save,
    async stop() {
      await save();
      clearTimeout(timer);
    },
  };
}
