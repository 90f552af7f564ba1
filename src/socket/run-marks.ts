/** Which run has left a message behind, as far as it is remembered. */
export interface RunMark {
  readonly runId: string;
  /** It is the turn that the run was begun with, which was told before it was stored. */
  readonly wasAsked: boolean;
}

/** Sessions that are remembered, and messages of each. */
const sessionsMax = 1000;
const marksMax = 400;

/**
 * What the store does not keep and clients want to know of a message: whose run it was. A message keeps its id, whether it
 * was told before or after it was stored. It is forgotten with the process, as is every connection.
 */
export class RunMarks {
  readonly #sessions = new Map<string, Map<number, RunMark>>();
  readonly #asked = new Map<string, string>();

  /** The run was begun with a turn that was told already. */
  noteAsked(stored: string, runId: string): void {
    this.#asked.set(runId, stored);
    shorten(this.#asked, sessionsMax);
  }

  mark(stored: string, sequence: number, runId: string): void {
    const marks = this.#sessions.get(stored) ?? new Map<number, RunMark>();
    this.#sessions.delete(stored);
    this.#sessions.set(stored, marks);
    // The first message that a run leaves behind is what it was asked.
    const wasAsked = this.#asked.get(runId) === stored;
    if (wasAsked) this.#asked.delete(runId);
    marks.set(sequence, { runId, wasAsked });
    shorten(marks, marksMax);
    shorten(this.#sessions, sessionsMax);
  }

  find(stored: string, sequence: number): RunMark | undefined {
    return this.#sessions.get(stored)?.get(sequence);
  }
}

function shorten<K, V>(map: Map<K, V>, max: number): void {
  const [oldest] = map.keys();
  if (map.size > max && oldest !== undefined) map.delete(oldest);
}
