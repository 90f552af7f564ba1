/**
 * The brake of one stream. It is made where the client is written to, and everything upstream of it obeys: what pushes
 * pauses while it is held, what is pulled waits for `free`. A stream whose client has left is not held.
 */
export interface Flow {
  readonly held: boolean;
  /** Called at each change, with what `held` has become. Returns what ends the calls. */
  onChange(listener: (held: boolean) => void): () => void;
  /** Resolves at once, or as soon as the flow is not held. */
  free(): Promise<void>;
}

/**
 * Who hears what happens: one signal down, one callback up. The work that it was given to returns one promise, and
 * nothing but that promise says how it ended.
 */
export interface Listener<E> {
  /** Aborts when nobody wants the rest; the work then stops and rejects with the signal's reason. */
  readonly signal: AbortSignal;
  readonly flow: Flow;
  /**
   * Called in order, and never once the promise has settled. It returns at once. What it throws ends the work, which
   * stops and rejects with that.
   */
  readonly emit: (event: E) => void;
}
