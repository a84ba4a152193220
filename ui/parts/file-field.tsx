/** An input that is a small file: chosen, read in the browser, and sent with the other inputs. */
import { useState } from "preact/hooks";
import { type InputDeclaration, type InputFile, isOfType } from "../../shared/inputs.ts";

const BYTES_PER_KB = 1_024;

interface FileFieldProps {
  readonly id: string;
  readonly declaration: Extract<InputDeclaration, { kind: "file" }>;
  readonly value: unknown;
  readonly onChange: (value: InputFile | null) => void;
}

export function FileField({ id, declaration, value, onChange }: FileFieldProps) {
  const { accept, maxBytes } = declaration;
  const [fault, setFault] = useState<string | null>(null);
  const take = async (file: File | undefined): Promise<void> => {
    setFault(null);
    if (file === undefined) return onChange(null);
    const wrong = faultOf(file, accept, maxBytes);
    setFault(wrong);
    onChange(wrong === null ? { name: file.name, type: file.type, data: await base64Of(file) } : null);
  };
  return (
    <span class="file">
      <input
        type="file"
        id={id}
        data-testid={id}
        accept={accept.join(",")}
        aria-invalid={fault !== null}
        aria-describedby={`${id}-note`}
        onChange={({ currentTarget }) => {
          take(currentTarget.files?.[0]).catch(() => setFault("The file could not be read."));
        }}
      />
      <span id={`${id}-note`} class="note" role={fault === null ? undefined : "alert"} data-fault={fault !== null}>
        {fault ?? (value === null ? `Up to ${kilobytes(maxBytes)}` : "Sent with the call")}
      </span>
    </span>
  );
}

function faultOf(file: File, accept: readonly string[], maxBytes: number): string | null {
  if (file.size > maxBytes) return `The file has ${kilobytes(file.size)}; ${kilobytes(maxBytes)} are the most.`;
  if (accept.length > 0 && !accept.some((wanted) => isOfType(file.type, wanted))) {
    return `The file must be of type ${accept.join(", ")}.`;
  }
  return null;
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / BYTES_PER_KB)} KB`;
}

async function base64Of(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  // In pieces: a call takes no argument list of any length.
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}
