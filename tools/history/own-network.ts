import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

/** What a network can lose: all that its one machine is sent and sends, or what it is sent only. */
export type Loss = "everything" | "what comes";

/** A network namespace with one machine in it, which is reached and reaches others over a cable that can be cut. */
export interface OwnNetwork {
  /** Of the machine in it. */
  readonly address: string;
  /** Under which it finds this one. */
  readonly host: string;
  /** Before a program and its arguments: runs it in there, under the id of the process that is started. */
  readonly enter: readonly string[];
  /** From now on packets are lost, and nobody is told. */
  lose(loss: Loss): void;
  restore(): void;
  close(): void;
}

/** Undefined where there are none: they need Linux, `ip`, `tc`, `unshare` and root. */
export async function openOwnNetwork(index: number): Promise<OwnNetwork | undefined> {
  // It lasts as long as a process is in it: nothing is left behind by a check that is killed.
  const holder = spawn("unshare", ["--net", "sh", "-c", "ip link set lo up && echo && read end"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  if (!(await hasBegun(holder))) return undefined;
  const enter = ["nsenter", `--target=${holder.pid}`, "--net", "--"];
  const inside = (...command: string[]): boolean => run([...enter, ...command]);
  // Of the range for measurements, which nobody routes; another check on this machine has others.
  const number = ((process.pid * 8 + index) % 0x4000) * 4;
  const [host, address] = [1, 2].map((place) => `198.18.${number >> 8}.${(number & 0xff) + place}`) as [string, string];
  const [near, far] = [`history${number}`, "eth0"];
  const isUp =
    run(["ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", String(holder.pid)]) &&
    run(["ip", "address", "add", `${host}/30`, "dev", near]) &&
    run(["ip", "link", "set", near, "up"]) &&
    inside("ip", "address", "add", `${address}/30`, "dev", far) &&
    inside("ip", "link", "set", far, "up");
  const close = (): void => {
    run(["ip", "link", "delete", near]);
    holder.stdin?.end();
  };
  if (!isUp) {
    close();
    return undefined;
  }
  // A queue for no packet is in every kernel; `netem` is not.
  const cut = (device: string): string[] => ["tc", "qdisc", "replace", "dev", device, "root", "pfifo", "limit", "0"];
  return {
    host,
    address,
    enter,
    lose(loss) {
      const isLost = run(cut(near)) && (loss === "what comes" || inside(...cut(far)));
      if (!isLost) throw new Error(`the network of ${address} loses nothing`);
    },
    restore() {
      run(["tc", "qdisc", "delete", "dev", near, "root"]);
      inside("tc", "qdisc", "delete", "dev", far, "root");
    },
    close,
  };
}

async function hasBegun(child: ChildProcess): Promise<boolean> {
  const gone = once(child, "exit").catch(() => undefined);
  const said = child.stdout === null ? gone : once(child.stdout, "data");
  await Promise.race([said, gone]);
  return child.pid !== undefined && child.exitCode === null;
}

function run([command = "", ...args]: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}
