/** The files of a drop or a paste, without folders: a browser lists those among the files, with nothing in them. */
export function droppedFiles({ items }: DataTransfer): File[] {
  return [...items]
    .filter((item) => item.kind === "file" && !item.webkitGetAsEntry()?.isDirectory)
    .map((item) => item.getAsFile())
    .filter((file) => file !== null);
}
