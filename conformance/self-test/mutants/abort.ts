import { eachMessage } from "../edit.ts";
import { type Change, defineMutants } from "../mutant.ts";

/** Faults in what becomes of the runs of clients that have left. */
export const abortMutants = defineMutants([
  // First: the others leave runs behind, which end by themselves some seconds later.
  {
    id: "finished-counted-as-cancelled",
    what: "A stream whose client closes the connection at `[DONE]` is counted as cancelled.",
    ...countFinishedAsCancelled(),
    killedBy: ["ABRT-06"],
  },
  {
    id: "runs-on-without-client",
    alone: true,
    what: "Nobody tells the model that the client has left, and billed tokens go on: oobabooga/textgen#4521.",
    deaf: true,
    killedBy: ["ABRT-01", "ABRT-02", "ABRT-03", "ABRT-04", "ABRT-05", "ABRT-08", "ABRT-09"],
  },
  {
    id: "runs-on-after-many-aborts",
    what: "The same for fifty streams: runs pile up, ROCm/ATOM#1441.",
    deaf: true,
    killedBy: ["ABRT-07"],
  },
]);

function countFinishedAsCancelled(): Pick<Change, "frame" | "json"> {
  let finished = 0;
  return {
    frame: (frame) => {
      if (frame.includes("[DONE]")) finished++;
      return frame;
    },
    json: (body) =>
      eachMessage(body, (message) => {
        const { content } = message;
        if (typeof content !== "string" || !content.includes('"cancelled"')) return message;
        const runs = JSON.parse(content) as { completed: number; cancelled: number };
        const counted = { completed: runs.completed - finished, cancelled: runs.cancelled + finished };
        return { ...message, content: JSON.stringify({ ...runs, ...counted }) };
      }),
  };
}
