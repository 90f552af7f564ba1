/**
 * The question in a text that a client has made of it and of words around it, without tags: the prompts of LangChain,
 * LlamaIndex, Open WebUI, LibreChat and Continue, the envelopes of chat gateways, flattened conversations, and mail that
 * quotes. The text itself where it is none of these.
 */
export function withoutPlainText(text: string): string {
  const lines = (afterMarker(text) ?? text).split("\n").filter((line) => !isAside(line));
  const asked = findLabelled(lines) ?? findAfterTemplate(lines) ?? lines.join("\n");
  return asked.trim().replace(envelope, "").trim();
}

/** `[WhatsApp Ada 2026-01-01 10:00] …`: whatever has a time of day in brackets. */
const envelope = /^\[[^\]\n]{0,200}\d{1,2}:\d{2}[^\]\n]{0,40}\]\s*/;

/** Chat gateways put what was said before, and who speaks, in front of it. */
const marker = "[Current message - respond to this]";

function afterMarker(text: string): string | undefined {
  const at = text.lastIndexOf(marker);
  if (at === -1) return undefined;
  return text
    .slice(at + marker.length)
    .trim()
    .replace(envelope, "")
    .replace(/^[^\s:][^:\n]{0,60}: /, "");
}

/** Quotations of earlier mail, the date and the state that clients add, and what they say of files that they have read. */
function isAside(line: string): boolean {
  return (
    line.startsWith(">") ||
    /^(?:current|today's) (?:date|time|datetime|date and time)\b[^?]*$/i.test(line) ||
    /^Called the \w+ tool with the following input: /.test(line) ||
    /^Runtime: \w+=\S+ \| \w+=/.test(line)
  );
}

const askedLabel = /^(?:query|question|user|human|input): */i;
const answerLabel = /^(?:(?:helpful |final )?answer|response|thought|assistant|ai|bot): *$/i;
const firstLabel = /^(?:system|user|human|assistant): /i;

/** Between the last label of a question and the label of the answer that is to follow; a conversation may end with the former. */
function findLabelled(lines: readonly string[]): string | undefined {
  const end = lines.findLastIndex((line) => line.trim() !== "");
  const isOpen = answerLabel.test(lines[end] ?? "");
  if (!isOpen && !firstLabel.test(lines[0] ?? "")) return undefined;
  const start = lines.findLastIndex((line) => askedLabel.test(line));
  if (start === -1) return undefined;
  return lines
    .slice(start, isOpen ? end : undefined)
    .join("\n")
    .replace(askedLabel, "");
}

const templateStart =
  /^(?:### Task:|Use the (?:following|above) |Context information is below|Here is (?:some |the )?context|The user has (?:attached|provided|uploaded) |Attached document\(s\):|```)/;

/** What stands behind the last blank line, or behind the last block of code, of a prompt that begins as these do. */
function findAfterTemplate(lines: readonly string[]): string | undefined {
  if (!templateStart.test(lines[0] ?? "")) return undefined;
  const end = lines.findLastIndex((line) => line.trim() !== "");
  const start = lines.findLastIndex((line, at) => at < end && (line.trim() === "" || line.startsWith("```")));
  return start === -1 || lines[end]?.startsWith("```") === true ? undefined : lines.slice(start + 1).join("\n");
}
