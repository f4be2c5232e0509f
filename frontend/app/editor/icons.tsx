/** Signs of the toolbar, drawn as lines in the text's colour. Their buttons say what they do. */
const PATHS = {
  left: "M3 5h14M3 10h9M3 15h14",
  center: "M3 5h14M6 10h8M3 15h14",
  right: "M3 5h14M8 10h9M3 15h14",
  justify: "M3 5h14M3 10h14M3 15h14",
  bullets: "M8 5h9M8 10h9M8 15h9M3.5 5h.01M3.5 10h.01M3.5 15h.01",
  numbers: "M8 5h9M8 10h9M8 15h9M3 4l1-.5V7M3 13.5c0-1 2-1 2 0S3 15 3 16.500h2",
  quote: "M4 5v10M8 6h9M8 10h9M8 14h6",
  code: "M7 6l-4 4 4 4M13 6l4 4-4 4",
  link: "M8.500 11.500l3-3M9.500 6.500l1.500-1.500a3 3 0 014.200 4.200L13.700 10.700M10.500 13.500L9 15a3 3 0 01-4.200-4.200l1.500-1.500",
  picture: "M3 4h14v12H3zM3 13l4-4 4 4 2.500-2.500L17 14M12.500 7.500h.01",
  table: "M3 4h14v12H3zM3 8h14M3 12h14M8 4v12M13 4v12",
  rule: "M3 10h14",
  undo: "M7 5L3.500 8.500 7 12M4 8.500h8a4 4 0 010 8H8",
  redo: "M13 5l3.500 3.500L13 12M16 8.500H8a4 4 0 000 8h4",
  clear: "M5 4h10M10 4l-2 12M12 12l4 4M16 12l-4 4",
  colour: "M6 13l4-9 4 9M7.300 10h5.400M4 17h12",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      viewBox="0 0 20 20"
      width="18"
      height="18"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
