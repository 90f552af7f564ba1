import type { ProxiedAnswer } from "../mutant.ts";

export function changeStatus(from: number, to: number): (answer: ProxiedAnswer) => ProxiedAnswer {
  return (answer) => (answer.status === from ? { ...answer, status: to } : answer);
}

/** An event of a stream that tells of an error. */
export function isError(frame: string): boolean {
  return frame.startsWith('data: {"error"');
}
