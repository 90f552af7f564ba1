import { runCrowd } from "./crowd.ts";
import type { Golden } from "./self-test.ts";
import type { Outcome, Trial } from "./trials.ts";

/** Gives a golden server for as long as `use` runs. */
export type WithGolden = (use: (golden: Golden) => Promise<void>) => Promise<void>;

/** So many golden servers are used by one trial at a time; another one is for all the others. */
const aloneLanes = 3;

/**
 * Tries all of them. Where more than one golden server can be had, those that must be alone with theirs do not wait for
 * the others. What fails beside others is tried once more without them before it counts: a busy machine is no finding.
 */
export async function runTrials(
  trials: readonly Trial[],
  { withGolden, many }: { readonly withGolden: WithGolden; readonly many: boolean },
  told: { readonly begin: (trial: Trial) => void; readonly end: (trial: Trial, outcome: Outcome) => void },
): Promise<void> {
  const again: Trial[] = [];
  const alone = trials.filter((trial) => trial.alone);
  const shared = trials.filter((trial) => !trial.alone);
  const attempt = async (trial: Trial, golden: Golden): Promise<void> => {
    told.begin(trial);
    const outcome = await trial.run(golden);
    if (outcome.ok) told.end(trial, outcome);
    else again.push(trial);
  };
  const oneByOne: Parameters<WithGolden>[0] = async (golden) => {
    for (let trial = alone.shift(); trial !== undefined; trial = alone.shift()) await attempt(trial, golden);
  };
  const crowd: Parameters<WithGolden>[0] = (golden) => runCrowd(shared, (trial) => attempt(trial, golden));
  if (many) {
    const lanes = Array.from({ length: Math.min(aloneLanes, alone.length) }, () => withGolden(oneByOne));
    await Promise.all([...lanes, ...(shared.length > 0 ? [withGolden(crowd)] : [])]);
  } else {
    await withGolden(async (golden) => {
      await crowd(golden);
      await oneByOne(golden);
    });
  }
  if (again.length === 0) return;
  await withGolden(async (golden) => {
    for (const trial of again) {
      told.begin(trial);
      const { ok, words } = await trial.run(golden);
      told.end(trial, { ok, words: ok ? `${words}, only without others beside it` : words });
    }
  });
}
