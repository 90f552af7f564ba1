/**
 * @typedef {{ prompt_tokens: number, completion_tokens: number, total_tokens: number }} Usage
 * @typedef {{ index: number, function?: { name?: string, arguments?: string }, custom?: { name?: string, input?: string } }} CallDelta
 * @typedef {{ content?: string, refusal?: string, reasoning_content?: string, tool_calls?: CallDelta[] }} Delta
 * @typedef {{ event: "tool-start" | "tool-end", id: string, name: string, failed?: boolean }} Progress
 * @typedef {{ choices: { delta: Delta, finish_reason: string | null }[], usage?: Usage | null, x_clawgate?: Progress }} Chunk
 *
 * A tool that the run has used, or one that it asks its client to use.
 * @typedef {{ id: string, name: string, state: "running" | "done" | "failed" | "asked for", text: string }} ToolUse
 *
 * @typedef {object} Answer
 * @property {string} text
 * @property {string} reasoning
 * @property {readonly ToolUse[]} tools
 * @property {Usage} [usage]
 * @property {string} [finish]
 * @property {string} [model]
 * @property {string} [problem] Why it is not whole.
 */

/** @type {Answer} */
export const emptyAnswer = { text: "", reasoning: "", tools: [] };

/**
 * An answer, and what the next chunk adds to it.
 *
 * @param {Answer} answer
 * @param {Chunk} chunk
 * @returns {Answer}
 */
export function addChunk(answer, { choices: [choice], usage, x_clawgate: progress }) {
  const { content = "", refusal = "", reasoning_content: reasoning = "", tool_calls: calls = [] } = choice?.delta ?? {};
  const finish = choice?.finish_reason ?? answer.finish;
  const tools = progress === undefined ? calls.reduce(addCall, answer.tools) : addProgress(answer.tools, progress);
  return {
    ...answer,
    text: answer.text + content + refusal,
    reasoning: answer.reasoning + reasoning,
    tools,
    ...(usage ? { usage } : {}),
    ...(finish === undefined ? {} : { finish }),
  };
}

/**
 * @param {readonly ToolUse[]} tools
 * @param {Progress} progress
 * @returns {readonly ToolUse[]}
 */
function addProgress(tools, { event, id, name, failed }) {
  if (event === "tool-start") return [...tools, { id, name, state: "running", text: "" }];
  return tools.map((tool) => (tool.id === id ? { ...tool, state: failed ? "failed" : "done" } : tool));
}

/**
 * @param {readonly ToolUse[]} tools
 * @param {CallDelta} delta
 * @returns {readonly ToolUse[]}
 */
function addCall(tools, { index, function: called, custom }) {
  const id = `call ${index}`;
  const name = called?.name ?? custom?.name ?? "";
  const text = called?.arguments ?? custom?.input ?? "";
  const known = tools.find((tool) => tool.id === id);
  if (known === undefined) return [...tools, { id, name, state: "asked for", text }];
  return tools.map((tool) => (tool === known ? { ...tool, name: tool.name + name, text: tool.text + text } : tool));
}
