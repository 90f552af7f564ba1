import pg from "pg";
import { schema } from "./fleet.ts";
import type { History } from "./clients.ts";

interface Row {
  readonly key: string;
  readonly body: string;
}

/**
 * Reads what the database has of all epochs from `since` on and holds it against what clients were told, in words; there shall be none. What a client was
 * told is there once; what it was not told is there once or not at all. A question is followed by its answer, and what
 * one client has said to a session is there in the order in which it said it. The clients may go on meanwhile.
 */
export async function audit(
  databaseUrl: string,
  history: Pick<History, "acknowledged" | "asked">,
  since: number,
): Promise<string[]> {
  const acknowledged = history.acknowledged.filter(({ session }) => toEpoch(session) >= since);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<Row>(
      `SELECT s.key, m.body FROM ${schema}.message AS m JOIN ${schema}.session AS s ON s.id = m.session_id
       WHERE m.superseded_at IS NULL AND split_part(s.key, '-', 2)::integer >= $1 ORDER BY s.key, m.sequence`,
      [since],
    );
    const faults: string[] = [];
    const found = new Map<string, number>();
    const last = new Map<string, number>();
    const read = ({ key, body }: Row) => ({ session: key.replace(/^agent:main:/, ""), content: toContent(body) });
    for (let at = 0; at < rows.length; at += 2) {
      const [question, answer] = rows.slice(at, at + 2).map(read);
      if (question === undefined) break;
      const text = /^@@echo (\S+)/.exec(question.content)?.[1];
      if (text === undefined) {
        faults.push(`${question.session}: '${question.content}' stands where a question should`);
        break;
      }
      if (answer?.session !== question.session || !answer.content.startsWith(`${text}word0 `))
        faults.push(`${question.session}: ${text} is followed by '${answer?.content}'`);
      const turn = `${question.session} ${text}`;
      found.set(turn, (found.get(turn) ?? 0) + 1);
      const [who = "", number = ""] = text.split(".");
      const before = last.get(`${question.session} ${who}`) ?? 0;
      if (Number(number) < before) faults.push(`${turn} comes after ${before}`);
      last.set(`${question.session} ${who}`, Number(number));
    }
    for (const [turn, times] of found)
      if (times > 1) faults.push(`${turn} (${history.asked.get(turn)}) is there ${times} times`);
    for (const { session, text } of acknowledged)
      if (!found.has(`${session} ${text}`)) faults.push(`${session} ${text} was acknowledged and is not there`);
    return faults;
  } finally {
    await client.end();
  }
}

function toEpoch(session: string): number {
  return Number(session.split("-")[1]);
}

function toContent(body: string): string {
  return (JSON.parse(body) as { readonly content: string }).content;
}
