import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import { expect } from "vitest";

/** The schema that OpenClaw publishes for its own clients, with every object closed. */
const path = new URL("../../node_modules/@openclaw/gateway-protocol/protocol.schema.json", import.meta.url);
const schema = JSON.parse(readFileSync(path, "utf8")) as { readonly $id: string };
const ajv = new Ajv({ strict: false, validateFormats: false });
ajv.addSchema(schema);

/** What the published schema says of the payload of a method, or of an event; of the others it says nothing. */
const payloads: Readonly<Record<string, string>> = {
  connect: "HelloOk",
  "agents.list": "AgentsListResult",
  "models.list": "ModelsListResult",
  "sessions.delete": "SessionsDeleteResult",
  "commands.list": "CommandsListResult",
  "question.list": "QuestionListResult",
  "event tick": "TickEvent",
  "event chat": "ChatEvent",
  "event agent": "AgentEvent",
  "event shutdown": "ShutdownEvent",
};

function validate(definition: string): ValidateFunction {
  const found = ajv.getSchema(`${schema.$id}#/definitions/${definition}`);
  if (found === undefined) throw new Error(`the published schema has no ${definition}`);
  return found;
}

function expectValid(definition: string, value: unknown): void {
  const check = validate(definition);
  expect(check(value) ? [] : [definition, check.errors, value]).toEqual([]);
}

export interface AnyFrame {
  readonly type: string;
  readonly id?: string;
  readonly ok?: boolean;
  readonly payload?: unknown;
  readonly error?: { readonly code: string; readonly message: string; readonly details?: Record<string, unknown> };
  readonly event?: string;
  readonly seq?: number;
}

/** Holds a frame that the gateway has sent against the published schema; `method` is that of its request. */
export function expectPublished(frame: AnyFrame, method: string | undefined): void {
  expectValid(frame.type === "event" ? "EventFrame" : "ResponseFrame", frame);
  const name = frame.type === "event" ? `event ${frame.event}` : frame.ok === true ? method : undefined;
  const definition = name === undefined ? undefined : payloads[name];
  if (definition !== undefined) expectValid(definition, frame.payload);
  const row = name === undefined ? [] : listRows(name, frame.payload);
  for (const one of row) expectValid("SessionRow", one);
}

function listRows(name: string, payload: unknown): readonly unknown[] {
  const { sessions, session, sessionInfo } = payload as Record<string, unknown>;
  if (name === "sessions.list") return sessions as unknown[];
  if (name === "chat.history" || name === "chat.startup") return [sessionInfo];
  return name === "sessions.describe" && session !== null ? [session] : [];
}
