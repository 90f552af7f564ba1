import pg from "pg";
import { GatewayError } from "../../base/errors.ts";
import { startChain } from "../chain.ts";
import { type JointCommit, toJointValues } from "./joint-commit.ts";
import type { DatabaseClock } from "./database-clock.ts";
import type { KeyColumns } from "./key-columns.ts";
import type { GivenRow, LeaseStatements, TakenRow } from "./lease-statements.ts";
import { isPassing, type Pool } from "./pool.ts";
import type { Values } from "./run-values.ts";
import { Together } from "./together.ts";
import type { TranscriptStatements, TurnShape } from "./transcript-statements.ts";

interface JointParts {
  readonly clock: DatabaseClock;
  readonly pool: Pool;
  readonly statements: Pick<LeaseStatements, "take"> &
    Pick<TranscriptStatements, "commit"> & { readonly commitTogether: JointCommit };
  readonly holder: string;
}

/** A lease that a call asks for. */
export interface AskedLease {
  readonly key: KeyColumns;
  readonly leaseMs: number;
  readonly arrivedAt: number;
  readonly digest: string | undefined;
  readonly asksAnew: boolean;
}

/** The session, or undefined while it is not free. */
export interface Taken {
  readonly row: TakenRow | undefined;
}

export function createTakes({ pool, statements, holder, clock }: JointParts): Together<AskedLease, Taken> {
  return new Together({
    toKey: ({ key }) => key.column,
    isDivisible,
    async send(asked) {
      const columns = [
        asked.map(({ key }) => key.hash),
        asked.map(({ key }) => key.column),
        asked.map(({ key }) => startChain(key.column)),
        holder,
        asked.map(({ leaseMs }) => leaseMs),
        asked.map(({ arrivedAt }) => arrivedAt),
        asked.map(({ digest }) => digest),
        asked.map(({ asksAnew }) => asksAnew),
      ];
      // The leases may be those that nobody has heard of.
      const began = Date.now();
      const rows = await pool.run<TakenRow>(statements.take, (again) => [...columns, again]);
      const [first] = rows;
      if (first !== undefined) clock.learn(first.now, began, Date.now());
      const taken = new Map(rows.map((row) => [row.place, row]));
      return asked.map((_, index) => ({ row: taken.get(index + 1) }));
    },
  });
}

/** A turn, and the values of its statement. */
export interface TurnWrite {
  readonly id: number;
  readonly shape: TurnShape;
  readonly values: Values;
}

export function createTurnWrites({ pool, statements, holder }: JointParts): Together<TurnWrite, GivenRow> {
  return new Together({
    toKey: ({ id }) => id,
    isDivisible,
    async send(turns) {
      const [first] = turns;
      if (first !== undefined && turns.length === 1) return writeTurn(first, { pool, statements });
      const statement = statements.commitTogether({
        supersedes: turns.some(({ shape }) => shape.supersedes),
        begins: turns.some(({ shape }) => shape.begins),
        receipt: turns.some(({ shape }) => shape.receipt),
      });
      const values = { ...toJointValues(turns), holder };
      const rows = await pool.run<GivenRow & { readonly place: number }>(statement, (again) =>
        statement.toValues({ ...values, again }),
      );
      const given = new Map(rows.map((row) => [row.place, row]));
      return turns.map((_, index) => given.get(index + 1) ?? { given: false, next: null });
    },
  });
}

/** In a statement of its own. */
export function writeTurn(
  { shape, values }: TurnWrite,
  { pool, statements }: Pick<JointParts, "pool" | "statements">,
): Promise<readonly GivenRow[]> {
  const statement = statements.commit(shape);
  return pool.run<GivenRow>(statement, (again) => statement.toValues({ ...values, again }));
}

/** The server has refused it, and done nothing of it. */
function isDivisible(error: unknown): boolean {
  return error instanceof GatewayError && error.cause instanceof pg.DatabaseError && !isPassing(error.cause);
}

/** Beyond so many characters there is nothing to save in sending a turn with others. */
const longCharacters = 16_384;

export function isLong(bodies: readonly string[]): boolean {
  let characters = 0;
  for (const { length } of bodies) characters += length;
  return characters > longCharacters;
}
