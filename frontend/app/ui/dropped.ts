/** The files of a drop or a paste, without folders: a browser lists those among the files, with nothing in them. */
export function droppedFiles({ items }: DataTransfer): File[] {
  return [...items]
    .filter((item) => item.kind === "file" && !item.webkitGetAsEntry()?.isDirectory)
    .map((item) => item.getAsFile())
    .filter((file) => file !== null);
}

interface Dragging {
  readonly defaultPrevented: boolean;
  readonly dataTransfer: DataTransfer | null;
  preventDefault: () => void;
}

/**
 * For whatever stands around the places that take files: beside them, the browser would open a dropped file in place of
 * the page, and of all that was written in it.
 */
export function refuseFiles(event: Dragging): void {
  const { dataTransfer } = event;
  if (event.defaultPrevented || !dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  dataTransfer.dropEffect = "none";
}
