/** `edgertc doctor`: finds out why calls do not connect. */
import { hostname } from "node:os";
import { Command } from "commander";
import { exitCodeOf } from "../doctor/finding.ts";
import { lineOf, summaryOf } from "../doctor/report.ts";
import { addIceOptions, type IceFlags, iceFrom, nodeIdOf, wholeNumber } from "./options.ts";

interface DoctorFlags extends IceFlags {
  readonly edge: string;
  readonly secret?: string;
  readonly adminToken?: string;
  readonly id: string;
  readonly publicUrl?: string;
  readonly stun?: string;
  readonly timeoutMs: number;
  readonly json?: true;
}

export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description("find out why calls do not connect: run it where a media node runs, with that node's options")
    .option("--edge <url>", "the edge's URL", process.env["EDGERTC_EDGE_URL"] ?? "http://127.0.0.1:8787")
    .option("--secret <secret>", "shared with the edge (default: EDGERTC_NODE_SECRET)")
    .option("--admin-token <token>", "to see how the edge sees this node (default: EDGERTC_ADMIN_TOKEN)")
    .option("--id <name>", "the node's name", nodeIdOf(hostname()))
    .option("--public-url <wss-url>", "how clients' WebSockets reach this node (default: EDGERTC_PUBLIC_URL, or not)")
    .option("--stun <host:port>", "asked for the public address (default: those the edge names)")
    .option("--timeout-ms <ms>", "for each single question", wholeNumber, 5_000)
    .option("--json", "findings as JSON");
  return addIceOptions(command).action(async (flags: DoctorFlags) => {
    const { mode = "full", additionalAddresses = [], bindAddress, portRange } = iceFrom(flags);
    const options = {
      edgeUrl: flags.edge,
      nodeId: flags.id,
      secret: flags.secret ?? process.env["EDGERTC_NODE_SECRET"] ?? null,
      adminToken: flags.adminToken ?? process.env["EDGERTC_ADMIN_TOKEN"] ?? null,
      ice: { mode, additionalAddresses, bindAddress, portRange },
      publicUrl: flags.publicUrl ?? process.env["EDGERTC_PUBLIC_URL"] ?? null,
      stun: flags.stun ?? null,
      timeoutMs: flags.timeoutMs,
    };
    // With it comes a WebRTC stack, which the process of a media node that links to the edge has no use for.
    const { diagnose } = await import("../doctor/doctor.ts");
    const print = flags.json === true ? () => undefined : printLines;
    const findings = await diagnose(options, print);
    console.log(flags.json === true ? JSON.stringify(findings, null, 2) : `\n${summaryOf(findings)}\n`);
    process.exitCode = exitCodeOf(findings);
  });
}

function printLines(findings: Parameters<typeof exitCodeOf>[0]): void {
  for (const finding of findings) console.log(lineOf(finding));
}
