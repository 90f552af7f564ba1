import type { ChatMessage } from "../base/contract.ts";

/** What other gateways have to know of a run that came over a WebSocket, so that they can tell of it as this one does. */
export interface RunForm {
  /** What its client calls it. */
  readonly name?: string;
  /** The turn that it was begun with; missing where that is long, and told once it is stored. */
  readonly asked?: ChatMessage;
}

/** The turn is stored a second time with its run, for as long as that goes on and a while longer. */
const charactersMax = 65_536;

/** JSON text, as a run has it. */
export function toForm({ name, asked }: Required<RunForm>): string {
  const form = JSON.stringify({ socket: { name, asked } });
  return form.length <= charactersMax ? form : JSON.stringify({ socket: { name } });
}

/** Of a run that came by another door nothing is known. */
export function parseForm(form: string): RunForm {
  if (form === "") return {};
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by `toForm`, or by another door under other keys
  return (JSON.parse(form) as { readonly socket?: RunForm }).socket ?? {};
}
