import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from "@modelcontextprotocol/client";
import { streamEndedCode } from "./http-transport.ts";
import { ToolFailure } from "./tool-failure.ts";

/** What the library threw for a call, in words for the model. */
export function toToolFailure(cause: unknown, server: string): ToolFailure {
  if (cause instanceof ProtocolError && cause.code !== streamEndedCode) return new ToolFailure(cause.message);
  if (cause instanceof SdkHttpError) {
    return new ToolFailure(`The tool server '${server}' refused the call with HTTP status ${cause.status}.`, {
      again: isSessionGone(cause),
    });
  }
  if (cause instanceof SdkError && cause.code === SdkErrorCode.InvalidResult) {
    return new ToolFailure(`The tool server '${server}' answered with something that is not a tool result.`);
  }
  if (cause instanceof SdkError && cause.code === SdkErrorCode.CapabilityNotSupported) {
    return new ToolFailure(`The tool of '${server}' asks for something that nobody here can give, and did not end.`);
  }
  if (isLost(cause)) return new ToolFailure(`The connection to the tool server '${server}' ended before it answered.`);
  return new ToolFailure(`The call to the tool server '${server}' failed.`);
}

/** Whether the connection should not be used again. */
export function isLost(cause: unknown): boolean {
  if (cause instanceof SdkHttpError) return isSessionGone(cause);
  if (cause instanceof ProtocolError) return cause.code === streamEndedCode;
  if (cause instanceof SdkError) return cause.code === SdkErrorCode.ConnectionClosed;
  // How `fetch` says that there was no answer.
  return cause instanceof TypeError;
}

/** 404 is what the protocol asks for when a server no longer knows the session; many that restarted say 400 instead. */
function isSessionGone({ status }: SdkHttpError): boolean {
  return status === 404 || status === 400;
}
