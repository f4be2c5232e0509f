import { answer, type ApiClient } from "./client";
import { ApiProblem } from "./problem";
import type { components } from "./schema";

export type Attachment = components["schemas"]["Attachment"];

/** Bytes of files that fit into one message: what Gmail takes (36,700,160 encoded), less a little for the text. */
export const FILES_LIMIT = 26_000_000;

/** Puts bytes somewhere, telling how far it is. Rejects with the status, or 0 where nobody answered. */
export type Put = (
  request: { method: string; url: string; headers: Record<string, string> },
  file: Blob,
  onProgress: (sent: number) => void,
  signal: AbortSignal,
) => Promise<void>;

/**
 * Uploads a file straight to the store, past the service, and says that it is done. Where the store can't be reached from
 * this page (its bucket allows the origin only once it was told to), the file goes through the service.
 */
export async function upload(
  api: ApiClient,
  file: File,
  onProgress: (sent: number) => void,
  signal: AbortSignal,
  put: Put = putWithProgress,
): Promise<Attachment> {
  const body = { filename: file.name, size: file.size, ...(file.type ? { content_type: file.type } : {}) };
  const waiting = await answer(api.POST("/api/gmail/attachments/", { body, signal }));
  if (!("upload" in waiting)) return waiting;
  try {
    await put(waiting.upload, file, onProgress, signal);
  } catch (reason) {
    if (signal.aborted) throw reason;
    onProgress(0);
    return throughService(api, file, signal);
  }
  const params = { path: { id: waiting.id } };
  return answer(api.POST("/api/gmail/attachments/{id}/complete/", { params, signal }));
}

async function throughService(api: ApiClient, file: File, signal: AbortSignal): Promise<Attachment> {
  const form = new FormData();
  form.append("file", file, file.name);
  const call = api.POST("/api/gmail/attachments/", {
    body: form as never, // the generated type describes the form's fields
    bodySerializer: (given: unknown) => given as FormData,
    signal,
  });
  return answer<Attachment>(call);
}

/** fetch() tells nothing about the way up; XMLHttpRequest does. */
const putWithProgress: Put = ({ method, url, headers }, file, onProgress, signal) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => {
      if (request.status < 300) resolve();
      else reject(new ApiProblem({ code: "unreadable", status: request.status }));
    };
    request.onerror = () => reject(new ApiProblem({ code: "offline" }));
    request.onabort = () => reject(new DOMException("Given up", "AbortError"));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });

/** The file itself, for showing it. */
export async function download(api: ApiClient, id: string, signal: AbortSignal): Promise<Blob> {
  const call = api.GET("/api/gmail/attachments/{id}/content/", { params: { path: { id } }, parseAs: "blob", signal });
  return answer(call as Promise<{ data?: Blob; error?: unknown; response: Response }>);
}
