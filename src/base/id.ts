import { randomUUID } from "node:crypto";

/**
 * 24 hexadecimal digits of chance. Made from a UUID because Node keeps a stock of those: drawing bytes one id at a time
 * is a system call each.
 */
export function createHexId(): string {
  return randomUUID().replaceAll("-", "").slice(0, 24);
}
