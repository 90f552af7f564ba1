/** Why nobody can listen there, and what to do. */
export function toListenFailure(host: string, port: number, { code = "", message }: NodeJS.ErrnoException): string {
  const place = `Cannot listen on ${host} port ${port} (gateway.port, gateway.bind):`;
  switch (code) {
    case "EADDRINUSE":
      return `${place} something else listens there. Stop it, or take another port: --port ${port === 65_535 ? 0 : port + 1}`;
    case "EADDRNOTAVAIL":
      return `${place} this machine has no such address. \`--bind loopback\` is this machine, \`--bind lan\` every address of it.`;
    case "EACCES":
      return `${place} this user may not. Ports below 1024 are often kept for others; take another: --port 18789`;
    default:
      return `${place} ${message}.`;
  }
}
