import {
  checkChoices,
  checkCreated,
  checkId,
  checkModel,
  checkObject,
  checkUsageLast,
  checkUsageNull,
  checkUsageOnce,
  checkUsageUnasked,
} from "./grammar-chunk.ts";
import {
  checkAfterFinish,
  checkDelta,
  checkFinishEmpty,
  checkFinishKey,
  checkFinishOnce,
  checkFinishValue,
  checkIndex,
  checkRoleFirst,
  checkRoleOnce,
  checkText,
} from "./grammar-choice.ts";
import { checkDone, checkDoneLast, checkError, checkPayload } from "./grammar-frame.ts";
import { checkToolFirst, checkToolIndex, checkToolOrder, checkToolRest } from "./grammar-tool.ts";
import { type Asked, type Breach, toView, type View } from "./grammar-view.ts";
import type { StreamReading } from "./stream.ts";

interface Rule {
  readonly level: "MUST" | "SHOULD";
  readonly check: (view: View) => Breach;
}

/** What a streamed answer is made of. Each rule stands alone, so that a stream with one defect breaks one rule. */
const rules = {
  payload: { level: "MUST", check: checkPayload },
  error: { level: "MUST", check: checkError },
  object: { level: "MUST", check: checkObject },
  id: { level: "MUST", check: checkId },
  created: { level: "MUST", check: checkCreated },
  model: { level: "MUST", check: checkModel },
  choices: { level: "MUST", check: checkChoices },
  index: { level: "MUST", check: checkIndex },
  delta: { level: "MUST", check: checkDelta },
  text: { level: "MUST", check: checkText },
  "role-first": { level: "MUST", check: checkRoleFirst },
  "role-once": { level: "SHOULD", check: checkRoleOnce },
  "tool-index": { level: "MUST", check: checkToolIndex },
  "tool-first": { level: "MUST", check: checkToolFirst },
  "tool-rest": { level: "MUST", check: checkToolRest },
  "tool-order": { level: "MUST", check: checkToolOrder },
  "finish-key": { level: "MUST", check: checkFinishKey },
  "finish-value": { level: "MUST", check: checkFinishValue },
  "finish-once": { level: "MUST", check: checkFinishOnce },
  "finish-empty": { level: "SHOULD", check: checkFinishEmpty },
  "after-finish": { level: "MUST", check: checkAfterFinish },
  "usage-last": { level: "MUST", check: checkUsageLast },
  "usage-unasked": { level: "MUST", check: checkUsageUnasked },
  "usage-once": { level: "SHOULD", check: checkUsageOnce },
  "usage-null": { level: "SHOULD", check: checkUsageNull },
  done: { level: "MUST", check: checkDone },
  "done-last": { level: "MUST", check: checkDoneLast },
} satisfies Record<string, Rule>;

export type GrammarRule = keyof typeof rules;

export const grammarRules = Object.keys(rules) as readonly GrammarRule[];
/** Those that clients break without. */
export const mustRules = grammarRules.filter((rule) => rules[rule].level === "MUST");

export interface GrammarFinding {
  readonly rule: GrammarRule;
  readonly expected: string;
  readonly actual: string;
}

/** Holds a streamed answer against the grammar. At most one finding a rule: the first place where it is broken. */
export function checkGrammar(
  reading: StreamReading,
  asked: Asked = {},
  only: readonly GrammarRule[] = grammarRules,
): GrammarFinding[] {
  const view = toView(reading, asked);
  return only.flatMap((rule) => {
    const breach = rules[rule].check(view);
    return breach === undefined ? [] : [{ rule, expected: breach[0], actual: breach[1] }];
  });
}
