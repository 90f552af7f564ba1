/** How many bytes wait for the reader before the server is held up. */
const heldBytesMax = 64 * 1024;

/**
 * The bytes of an answer in order, for one reader. What came before a failure is given before the failure is thrown.
 * Leaving a loop over it closes nothing: another loop reads on from there.
 */
export interface AnswerBody extends AsyncIterable<Uint8Array> {
  /** Cuts the connection, unless the answer has come whole. What was not read is dropped. */
  close(): void;
}

/** The connection, as the body sees it. */
export interface Flow {
  pause(): void;
  resume(): void;
  cut(reason: Error): void;
}

/** The end of an `AnswerBody` into which a connection writes. What comes after `end` or `fail` is ignored. */
export interface BodyInlet {
  readonly body: AnswerBody;
  readonly push: (bytes: Uint8Array) => void;
  readonly end: () => void;
  /** The failure is thrown when everything before it was read. */
  readonly fail: (cause: unknown) => void;
  /** The failure is thrown at once. */
  readonly drop: (cause: unknown) => void;
}

interface Reader {
  readonly resolve: (result: IteratorResult<Uint8Array, undefined>) => void;
  readonly reject: (cause: unknown) => void;
}

export function createBodyInlet(flow: Flow): BodyInlet {
  const pieces: Uint8Array[] = [];
  let held = 0;
  let over: { readonly cause?: unknown } | undefined;
  let reader: Reader | undefined;

  const answer = ({ resolve, reject }: Reader): void => {
    const value = pieces.shift();
    if (value !== undefined) {
      const wasFull = held >= heldBytesMax;
      held -= value.length;
      resolve({ done: false, value });
      // At the very last: it may push at once.
      if (wasFull && held < heldBytesMax && over === undefined) flow.resume();
    } else if (over === undefined) {
      reader = { resolve, reject };
    } else if ("cause" in over) {
      reject(over.cause);
    } else {
      resolve({ done: true, value: undefined });
    }
  };
  const wake = (): void => {
    const waiting = reader;
    reader = undefined;
    if (waiting !== undefined) answer(waiting);
  };
  const finish = (how: { readonly cause?: unknown }): void => {
    over ??= how;
    wake();
  };
  const drop = (cause: unknown): void => {
    pieces.length = 0;
    held = 0;
    over = { cause };
    wake();
  };

  return {
    body: {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise((resolve, reject) => answer({ resolve, reject })) }),
      close() {
        const whole = over !== undefined;
        const reason = new Error("the answer was closed");
        drop(reason);
        if (!whole) flow.cut(reason);
      },
    },
    push(bytes) {
      if (over !== undefined) return;
      pieces.push(bytes);
      held += bytes.length;
      if (held >= heldBytesMax) flow.pause();
      wake();
    },
    end: () => finish({}),
    fail: (cause) => finish({ cause }),
    drop,
  };
}
