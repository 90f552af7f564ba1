import { eachDelta, eachMessage, withHeaders } from "../edit.ts";
import { type Change, defineMutants, type ProxiedCall } from "../mutant.ts";

/** Calls that a limit allows before it says no. */
const callsMax = 30;

/** Faults that show only where several calls run, or share a connection. */
export const concurrencyMutants = defineMutants([
  {
    id: "answers-mixed-up",
    what: "An answer holds the text of the one before.",
    json: mixAnswers(),
    killedBy: ["CONC-01", "CONC-04"],
  },
  {
    id: "deltas-mixed-up",
    what: "A stream says the words of whichever stream came before.",
    chunk: mixDeltas(),
    killedBy: ["CONC-02", "SDK-03"],
  },
  {
    id: "one-call-at-a-time",
    what: "Calls are worked off one by one, and a long one holds up all others.",
    serial: true,
    killedBy: ["CONC-03"],
  },
  {
    id: "limit-of-calls",
    what: "After thirty calls the server answers 429.",
    answer: limitCalls(),
    killedBy: ["CONC-04"],
  },
  {
    id: "error-length-too-long",
    what: "`content-length` of an error is longer than its body, and the connection cannot be used again.",
    answer: (answer) =>
      answer.status === 400
        ? withHeaders(answer, { "content-length": String(String(answer.body).length + 5) })
        : answer,
    killedBy: ["CONC-06"],
  },
]);

function mixAnswers(): (body: Record<string, unknown>) => unknown {
  let last: unknown = "";
  return (body) =>
    eachMessage(body, (message) => {
      const content = last;
      last = message["content"];
      return { ...message, content };
    });
}

function mixDeltas(): (chunk: Record<string, unknown>) => Record<string, unknown> {
  let last: unknown = "";
  return (chunk) =>
    eachDelta(chunk, (delta) => {
      if (!delta["content"]) return delta;
      const content = last;
      last = delta["content"];
      return { ...delta, content };
    });
}

function limitCalls(): NonNullable<Change["answer"]> {
  let count = 0;
  return (answer, { path }: ProxiedCall) => {
    count += path.endsWith("/chat/completions") ? 1 : 0;
    return count > callsMax ? { ...answer, status: 429 } : answer;
  };
}
