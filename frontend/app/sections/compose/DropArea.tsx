import type { ReactNode } from "react";
import { droppedFiles } from "../../ui/dropped";

/** Takes files that are dropped anywhere in it: beside a marked place the browser would leave the page and open them. */
export function DropArea({ onFiles, children }: { onFiles: (files: File[]) => void; children: ReactNode }) {
  return (
    <div
      role="presentation"
      onDragOver={(event) => {
        if (event.dataTransfer.types.includes("Files")) event.preventDefault();
      }}
      onDrop={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        onFiles(droppedFiles(event.dataTransfer));
      }}
    >
      {children}
    </div>
  );
}
