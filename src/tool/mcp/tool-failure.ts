/** A call that gave no result. The message is for the model: nothing of addresses, paths and secrets is in it. */
export class ToolFailure extends Error {
  override readonly name = "ToolFailure";
  /** The server has not begun with the call, and a new connection would help. */
  readonly again: boolean;

  /** `cause` is for the operator alone. */
  constructor(message: string, { again = false, cause }: { readonly again?: boolean; readonly cause?: unknown } = {}) {
    super(message, { cause });
    this.again = again;
  }
}

/**
 * For the log: what went wrong, without what was being said. Errors of the protocol quote whole messages as JSON, and
 * those of HTTP the body, which may repeat the key that it refuses.
 */
export function toCause(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if ("status" in error) return `HTTP status ${String(error.status)}`;
  const own = (error.message.split(/[{\n]/, 1)[0] ?? "").slice(0, 200).trim();
  return error.cause instanceof Error ? `${own} (${toCause(error.cause)})` : own;
}
