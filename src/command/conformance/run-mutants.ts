import { defineMutants } from "@clawgate/conformance";

type Headers = Readonly<Record<string, string | string[] | undefined>>;

function without<H extends Headers>(headers: H, name: string): H {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- headers without one are headers
  return Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name)) as H;
}

/** The faults that prove the cases of run-cases.ts. */
export const runMutants = defineMutants([
  {
    id: "run-not-detached",
    what: "A run ends with its client, though that has detached it.",
    killedBy: ["RUN-01"],
    call: ({ headers }) => ({ headers: without(headers, "x-openclaw-detach") }),
  },
  {
    id: "run-unnamed",
    what: "A stream does not name its run.",
    killedBy: ["RUN-01"],
    streamHeaders: (headers) => without(headers, "x-openclaw-run-id"),
  },
  {
    id: "run-answer-lost",
    what: "A run that has ended has no answer.",
    killedBy: ["RUN-01"],
    json: (body) => (body["object"] === "run" ? { ...body, completion: null } : body),
  },
  {
    id: "run-always-from-start",
    what: "The events of a run begin with the first, wherever its reader was.",
    killedBy: ["RUN-02"],
    call: ({ path, headers }) =>
      path.includes("/events")
        ? { path: path.split("?")[0] ?? path, headers: without(headers, "last-event-id") }
        : undefined,
  },
  {
    id: "run-last-event-id-ignored",
    what: "`Last-Event-ID` is not looked at.",
    killedBy: ["RUN-02"],
    call: ({ headers }) => ({ headers: without(headers, "last-event-id") }),
  },
  {
    id: "run-events-unnumbered",
    what: "The events of a run have no numbers.",
    killedBy: ["RUN-02"],
    frame: (frame) =>
      frame
        .split("\n")
        .filter((line) => !line.startsWith("id: "))
        .join("\n"),
  },
  {
    id: "key-ignored",
    what: "`Idempotency-Key` is not looked at: each call is a run.",
    killedBy: ["RUN-03"],
    call: ({ headers }) => ({ headers: without(headers, "idempotency-key") }),
  },
  {
    id: "key-replay-unmarked",
    what: "An answer that is given again does not say so.",
    killedBy: ["RUN-03"],
    answer: (answer) => ({ ...answer, headers: without(answer.headers, "idempotency-replayed") }),
  },
  {
    id: "run-cancel-ignored",
    what: "A run that is to end goes on.",
    killedBy: ["RUN-04"],
    call: ({ path }) =>
      path.endsWith("/cancel")
        ? { status: 200, headers: { "content-type": "application/json" }, body: "{}" }
        : undefined,
  },
]);
