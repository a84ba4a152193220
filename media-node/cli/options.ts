/** Options that several commands share, parsed and checked. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { PrivateCandidates } from "../transport/candidate-filter.ts";
import type { IceOptions } from "../transport/ice-options.ts";

export function wholeNumber(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0) throw new InvalidArgumentError("Must be a whole number.");
  return number;
}

export function positiveNumber(value: string): number {
  const number = Number(value);
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError("Must be a number above 0.");
  return number;
}

function portRange(value: string): readonly [number, number] {
  const [, from, to] = /^(\d+)-(\d+)$/.exec(value) ?? [];
  const range: readonly [number, number] = [Number(from), Number(to)];
  if (!(range[0] >= 1024 && range[0] < range[1] && range[1] <= 65_535)) {
    throw new InvalidArgumentError("Must look like 50000-50999, above 1023, the lower first.");
  }
  return range;
}

/** A machine's name, as far as a node id may have its characters. */
export function nodeIdOf(hostname: string): string {
  const name = hostname.replace(/[^A-Za-z0-9._-]/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return name.slice(0, 64) || "node";
}

/** What commander makes of {@link addIceOptions}. */
export interface IceFlags {
  readonly iceLite?: true;
  readonly publicIp?: string[];
  readonly bind?: string;
  readonly privateCandidates?: PrivateCandidates;
  readonly udpPorts?: readonly [number, number];
}

export function addIceOptions(command: Command): Command {
  return command
    .option("--ice-lite", "answer connectivity checks only: for nodes with a public address; connects faster")
    .option("--public-ip <address...>", "also offer these addresses to clients, such as the public side of a 1:1 NAT")
    .option("--bind <address>", "use this IPv4 address only")
    .addOption(
      new Option(
        "--private-candidates <what>",
        "clients' candidates in private networks: a public node must not be sent knocking in its own (default: refuse, unless all is private)",
      ).choices(["accept", "refuse"]),
    )
    .option("--udp-ports <from-to>", "UDP ports for media (default: any)", portRange);
}

export function iceFrom(flags: IceFlags): Partial<IceOptions> {
  return {
    mode: flags.iceLite === true ? "lite" : "full",
    additionalAddresses: flags.publicIp ?? [],
    bindAddress: flags.bind,
    ...(flags.privateCandidates === undefined ? {} : { privateCandidates: flags.privateCandidates }),
    portRange: flags.udpPorts,
  };
}

/** Takes the first of `steps` on the first SIGINT or SIGTERM, the next on the next; past them, exits at once. */
export function onSignals(...steps: readonly (() => void)[]): void {
  let taken = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    const step = steps[taken];
    if (step === undefined) process.exit(signal === "SIGINT" ? 130 : 143);
    taken += 1;
    step();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
}

/** Exits with 0 once `ended` has settled, or with 1 and the reason. */
export function exitAfter(ended: Promise<void>): void {
  ended.then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
}
