import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { useIntegration } from "../integration/context";
import { answer } from "./client";
import type { SendFilters } from "./history";
import { ApiProblem } from "./problem";
import type { SuppressionReason } from "./suppressions";

export type ExportKind = "csv" | "ndjson";

/** The sends that match, as one file. */
export function useExportSends(filters: SendFilters) {
  const { api } = useIntegration();
  return useExport("sends", (format, signal) => {
    const query = { ...filters, format };
    return answer(api.GET("/api/gmail/history/export/", { params: { query }, parseAs: "blob", signal }));
  });
}

/** The suppression list, or the entries with one reason, as one file. */
export function useExportSuppressions(reason: SuppressionReason | undefined) {
  const { api } = useIntegration();
  return useExport("suppressions", (format, signal) => {
    const query = { format, ...(reason ? { reason } : {}) };
    return answer(api.GET("/api/gmail/suppressions/export/", { params: { query }, parseAs: "blob", signal }));
  });
}

function useExport(name: string, fetchFile: (kind: ExportKind, signal: AbortSignal) => Promise<unknown>) {
  const abort = useRef<AbortController>(null);
  const { mutate, isPending, error } = useMutation({
    mutationFn: async (kind: ExportKind) => {
      abort.current = new AbortController();
      saveFile(await whole(fetchFile(kind, abort.current.signal)), `${name}.${kind}`);
    },
  });
  const cancelled = error instanceof DOMException && error.name === "AbortError";
  return { start: mutate, cancel: () => abort.current?.abort(), isPending, error: cancelled ? null : error };
}

/** A file as it was sent: the browser keeps it outside of this page's memory. One that was cut off is none. */
export async function whole(file: Promise<unknown>): Promise<Blob> {
  try {
    return (await file) as Blob;
  } catch (reason) {
    throw reason instanceof TypeError ? new ApiProblem({ code: "offline" }) : reason;
  }
}

/** Hands a file to the browser's downloads. */
export function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download holds it already.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
