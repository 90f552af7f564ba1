export interface ReloadRequestsParts<Outcome> {
  /** Reads the configuration, and puts it in force. Never rejects. */
  readonly reload: () => Promise<Outcome>;
  readonly tell: (outcome: Outcome) => void;
  /** From then on nothing is put in force. */
  readonly ending: AbortSignal;
}

/**
 * Answers requests to read the configuration anew, one reading after the other. Whoever asks while it is read may have
 * changed it meanwhile: then it is read once more, and what became of that is what all of them are told.
 */
export function createReloadRequests<Outcome>({ reload, tell, ending }: ReloadRequestsParts<Outcome>): () => void {
  let asked = false;
  let reading = false;
  const read = async (): Promise<void> => {
    reading = true;
    while (asked && !ending.aborted) {
      asked = false;
      // oxlint-disable-next-line no-await-in-loop -- one takes the place of the other
      const outcome = await reload();
      if (!asked) tell(outcome);
    }
    reading = false;
  };
  return () => {
    asked = true;
    if (!reading) void read();
  };
}
