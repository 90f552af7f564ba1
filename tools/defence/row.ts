import { show, type Shown } from "../shown.ts";

/** One thing that an attacker, an accident or a defect does, what has to come of it, and what shows that it does. */
export interface DefenceRow {
  readonly id: string;
  readonly done: string;
  readonly outcome: string;
  /** The tests that were seen to fail without the defence. */
  readonly shown: readonly Shown[];
  /** Why no test shows it, or what of it does not hold. */
  readonly reason?: string;
  /** Why its defence cannot be taken away by a change of our code. */
  readonly unbroken?: string;
}

export interface DefenceGroup {
  readonly title: string;
  readonly rows: readonly DefenceRow[];
}

export const row = (id: string, done: string, outcome: string, ...shown: Shown[]): DefenceRow => ({
  id,
  done,
  outcome,
  shown,
});

/** A row that is not held, or only in part, with the reason. */
export const open = (id: string, done: string, outcome: string, reason: string, ...shown: Shown[]): DefenceRow => ({
  id,
  done,
  outcome,
  shown,
  reason,
});

/** A row whose defence cannot be taken away to see its tests fail, with the reason. */
export const unbroken = (reason: string, kept: DefenceRow): DefenceRow => ({ ...kept, unbroken: reason });

export const wire = (name: string, title: string): Shown => show(`test/wire/${name}.test.ts`, title);
export const socket = (name: string, title: string): Shown => show(`test/socket/${name}.test.ts`, title);
export const sdk = (name: string, title: string): Shown => show(`test/sdk/${name}.test.ts`, title);
export const session = (name: string, title: string): Shown => show(`test/session/${name}.test.ts`, title);
export const upstream = (name: string, title: string): Shown => show(`test/upstream/${name}.test.ts`, title);
export const command = (name: string, title: string): Shown => show(`test/command/${name}.test.ts`, title);
export const defence = (name: string, title: string): Shown => show(`test/defence/${name}.defence.ts`, title);
