import { defineMutants } from "@clawgate/conformance";

const agentHeader = "x-openclaw-agent-id";
const names = new Set([agentHeader, "x-openclaw-session-key"]);

/** The faults that prove the cases of wire-cases.ts. */
export const wireMutants = defineMutants([
  {
    id: "header-agent-missing-in-streams",
    what: "A stream does not say which agent and session it belongs to.",
    killedBy: ["HDR-09"],
    streamHeaders: (headers) => Object.fromEntries(Object.entries(headers).filter(([name]) => !names.has(name))),
  },
  {
    id: "header-agent-always-default",
    what: "Answers name the default agent, whichever has spoken.",
    killedBy: ["HDR-09"],
    answer: (answer) => ({ ...answer, headers: { ...answer.headers, [agentHeader]: "main" } }),
  },
]);
