const fence = '"""';

/**
 * Lines as somebody types them, put together to messages. A line that ends in one backslash goes on in the next; what stands
 * between a line that begins with `"""` and one that ends with it is one message.
 */
export class MessageLines {
  #lines: string[] = [];
  #isBlock = false;

  /** More lines are to come. */
  get isOpen(): boolean {
    return this.#isBlock || this.#lines.length > 0;
  }

  /** The message that ends with this line; undefined where it goes on. */
  add(line: string): string | undefined {
    if (this.#isBlock) return this.#addToBlock(line);
    const begin = line.trimStart();
    if (this.#lines.length === 0 && begin.startsWith(fence)) {
      this.#isBlock = true;
      const rest = begin.slice(fence.length);
      return rest === "" ? undefined : this.#addToBlock(rest);
    }
    // Two are one that is meant, as at the end of a path.
    if (line.endsWith("\\") && !line.endsWith("\\\\")) {
      this.#lines.push(line.slice(0, -1));
      return undefined;
    }
    return this.#end(line);
  }

  clear(): void {
    this.#lines = [];
    this.#isBlock = false;
  }

  #addToBlock(line: string): string | undefined {
    const text = line.trimEnd();
    if (!text.endsWith(fence)) {
      this.#lines.push(line);
      return undefined;
    }
    const last = text.slice(0, -fence.length);
    return last === "" ? this.#end() : this.#end(last);
  }

  #end(...last: readonly string[]): string {
    const message = [...this.#lines, ...last].join("\n");
    this.clear();
    return message;
  }
}
