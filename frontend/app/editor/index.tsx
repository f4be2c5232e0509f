import { lazy, Suspense } from "react";
import { Skeleton } from "../ui/Waiting";
import type { RichTextProps } from "./RichText";

const Loaded = lazy(() => import("./RichText"));

/** The editor, loaded when it is first shown. */
export function RichText(props: RichTextProps) {
  return (
    <Suspense fallback={<Skeleton lines={6} />}>
      <Loaded {...props} />
    </Suspense>
  );
}
