import { useEffect, useRef, useState } from "react";
import { download, FILES_LIMIT, upload } from "../../api/uploading";
import { idempotencyKey } from "../../api/client";
import { useIntegration } from "../../integration/context";
import type { ComposedFile, Draft } from "./draft";

type Change = (part: (before: Draft) => Partial<Draft>) => void;

/** The files of a message: uploaded while one writes, with how far each is. Pictures of the text are shown from memory. */
export function useFiles(files: readonly ComposedFile[], change: Change) {
  const { api } = useIntegration();
  const [progress, setProgress] = useState<Record<string, number>>({});
  const running = useRef(new Map<string, { file: File; stop: AbortController }>());
  const pictures = useRef(new Map<string, string>());
  // Of what was not uploaded when this page began, nobody here has the bytes.
  const [lost] = useState(() => new Set(files.filter((file) => !file.id).map((file) => file.key)));
  const [pending, setPending] = useState(() => files.some((file) => file.contentId));
  useEffect(() => {
    const all = running.current;
    return () => {
      for (const { stop } of all.values()) stop.abort();
    };
  }, []);
  // After a reload the pictures are on the server only.
  const wanted = useRef(files.filter((file) => file.contentId && file.id));
  useEffect(() => {
    const stop = new AbortController();
    const fetched = wanted.current.map(async ({ id, contentId }) => {
      pictures.current.set(contentId ?? "", await dataUrl(await download(api, id ?? "", stop.signal)));
    });
    void Promise.allSettled(fetched).then(() => setPending(false));
    return () => {
      stop.abort();
    };
  }, [api]);

  const patch = (key: string, part: Partial<ComposedFile>) =>
    change(({ files: all }) => ({ files: all.map((file) => (file.key === key ? { ...file, ...part } : file)) }));
  const start = async (key: string, file: File) => {
    const stop = new AbortController();
    running.current.set(key, { file, stop });
    try {
      const told = (sent: number) => setProgress((all) => ({ ...all, [key]: sent }));
      const { id } = await upload(api, file, told, stop.signal);
      patch(key, { id });
    } catch {
      if (!stop.signal.aborted) patch(key, { failed: true });
    }
  };
  const add = (file: File, contentId: string | null): void => {
    const key = idempotencyKey();
    const failed = file.size > FILES_LIMIT; // it would fit into no message
    change(({ files: all }) => ({
      files: [...all, { key, filename: file.name, size: file.size, id: null, contentId, failed }],
    }));
    if (failed) running.current.set(key, { file, stop: new AbortController() });
    else void start(key, file);
  };
  return {
    progress,
    /** Whether pictures of the text are still being fetched. */
    pending,
    attach: (given: readonly File[]) => given.forEach((file) => add(file, null)),
    /** Takes a picture into the text; the content id that it has there. */
    embed: async (file: File) => {
      const contentId = `picture-${idempotencyKey().slice(0, 12)}`;
      pictures.current.set(contentId, await dataUrl(file));
      add(file, contentId);
      return contentId;
    },
    picture: (contentId: string) => pictures.current.get(contentId) ?? null,
    /** Whether it was cut off, and can't be tried again. */
    isLost: (key: string) => lost.has(key),
    retry: (key: string) => {
      const found = running.current.get(key);
      if (!found) return;
      patch(key, { failed: false });
      void start(key, found.file);
    },
    remove: (key: string) => {
      running.current.get(key)?.stop.abort();
      running.current.delete(key);
      change(({ files: all }) => ({ files: all.filter((file) => file.key !== key) }));
    },
  };
}

export type Files = ReturnType<typeof useFiles>;

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(new Error("The picture could not be read."));
    reader.readAsDataURL(blob);
  });
}
