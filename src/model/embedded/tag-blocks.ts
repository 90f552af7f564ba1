/** What stands between tags of one name. */
export interface Block {
  /** As it is written. */
  readonly name: string;
  /** Whether nothing stands before it on its line. */
  readonly leads: boolean;
  readonly start: number;
  readonly innerStart: number;
  readonly innerEnd: number;
  readonly end: number;
}

const tagPattern = /<(\/?)([a-z][\w.-]{0,63})(?:\s[^<>]{0,500})?>/gi;

/** The outermost blocks that begin a line or end the text, in order. Each tag is looked at once, however many never close. */
export function findBlocks(text: string): Block[] {
  const pairs = pairTags(text);
  const blocks: Block[] = [];
  let at = 0;
  for (const block of pairs) {
    if (block.start < at || !(block.leads || text.slice(block.end).trim() === "")) continue;
    blocks.push(block);
    at = block.end;
  }
  return blocks;
}

/** Every pair of tags, in the order in which they open. */
function pairTags(text: string): Block[] {
  const open = new Map<string, { readonly start: number; readonly innerStart: number }[]>();
  const pairs: Block[] = [];
  for (const { 0: whole, 1: slash, 2: name = "", index } of text.matchAll(tagPattern)) {
    const key = name.toLowerCase();
    const stack = open.get(key) ?? [];
    open.set(key, stack);
    const end = index + whole.length;
    if (slash !== "/") {
      stack.push({ start: index, innerStart: end });
      continue;
    }
    const opening = stack.pop();
    if (opening !== undefined) {
      pairs.push({ ...opening, name, leads: beginsLine(text, opening.start), innerEnd: index, end });
    }
  }
  return pairs.toSorted((one, other) => one.start - other.start);
}

function beginsLine(text: string, start: number): boolean {
  let at = start;
  while (text[at - 1] === " " || text[at - 1] === "\t") at -= 1;
  return at === 0 || text[at - 1] === "\n";
}
