import { randomFillSync } from "node:crypto";

const idBytes = 12;
/** Drawn in one go: a system call for each id would cost more than all the rest of it. */
const stock = Buffer.alloc(idBytes * 256);
let used = stock.length;

/** 24 hexadecimal digits of chance. */
export function createHexId(): string {
  if (used === stock.length) {
    randomFillSync(stock);
    used = 0;
  }
  return stock.toString("hex", used, (used += idBytes));
}
