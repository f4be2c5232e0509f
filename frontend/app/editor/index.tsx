import { Suspense } from "react";
import { onDemand } from "../ui/onDemand";
import { Skeleton } from "../ui/Waiting";
import type { RichTextProps } from "./RichText";

const { Component: Loaded } = onDemand(() => import("./RichText"));

/** The editor, loaded when it is first shown. */
export function RichText(props: RichTextProps) {
  return (
    <Suspense fallback={<Skeleton lines={6} />}>
      <Loaded {...props} />
    </Suspense>
  );
}
