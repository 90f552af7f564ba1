/** What a subject must be able to do for a case to say anything; found out by probing before the first case. */
export const capabilities = {
  auth: "a key is required",
  models: "`GET /models` answers",
  tools: "function tools are called",
  custom: "custom tools are called",
  schema: "`response_format` json_schema is obeyed",
  vision: "images as data URLs are accepted",
  logprobs: "log probabilities are given",
  n: "several choices are given",
  usage: "tokens are counted",
  cors: "preflight requests are answered",
  limits: "the size of a request body is limited",
  fixture: "the directives of the fixture contract are obeyed",
  agents: "the fixture's agents `main` and `beta` exist (profile gateway)",
  memory: "sessions remember (profile gateway)",
  websocket: "OpenClaw's gateway protocol is spoken on the port (profiles gateway and websocket)",
  own: "the suite has started the subject itself and may start others like it",
} as const;

export type Capability = keyof typeof capabilities;
