import type { Message } from "../../base/contract.ts";
import { isTemplate, type ReadHeader } from "./chat-id.ts";
import type { ClientPreset } from "./client-presets.ts";

/**
 * Whether a client asks for its own use (a title, tags, follow-up questions) and not for the chat, whose session would
 * otherwise remember the question as a turn of its own.
 */
export function isSideTask(
  presets: readonly ClientPreset[],
  header: ReadHeader,
  messages: readonly Message[],
): boolean {
  return presets.some(
    (preset) =>
      hasTaskHeader(preset, header) || hasTaskInstruction(preset, messages) || hasTaskPrompt(preset, messages),
  );
}

function hasTaskHeader({ taskHeader }: ClientPreset, header: ReadHeader): boolean {
  const task = taskHeader === undefined ? undefined : header(taskHeader);
  return task !== undefined && !isTemplate(task);
}

function hasTaskInstruction({ taskInstructions }: ClientPreset, messages: readonly Message[]): boolean {
  return messages.some(
    (message) => isInstruction(message) && taskInstructions.some((opening) => toOpening(message).startsWith(opening)),
  );
}

/** A chat that only begins with such a line goes on: with the answer in the history it is no side task any more. */
function hasTaskPrompt({ taskPrompt }: ClientPreset, messages: readonly Message[]): boolean {
  const said = messages.filter((message) => !isInstruction(message));
  const [only] = said;
  if (taskPrompt === undefined || only?.role !== "user" || said.length > 1) return false;
  const text = toOpening(only);
  return text.startsWith(taskPrompt.opening) && !taskPrompt.except.some((opening) => text.startsWith(opening));
}

function isInstruction({ role }: Message): boolean {
  return role === "system" || role === "developer";
}

/** The text that a message begins with, be it told as a text or in parts. */
function toOpening({ content }: Message): string {
  if (typeof content === "string") return content.trimStart();
  const [first] = content ?? [];
  return first?.type === "text" ? first.text.trimStart() : "";
}
