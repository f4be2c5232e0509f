import { lazy, Suspense } from "react";
import { Skeleton } from "../ui/Waiting";
import type { VisualProps } from "./Visual";

const Visual = lazy(() => import("./Visual"));

/** The HTML of a template, written as it will look. Loaded when it is first shown. */
export function VisualHtml(props: VisualProps) {
  return (
    <Suspense fallback={<Skeleton lines={6} />}>
      <Visual {...props} />
    </Suspense>
  );
}
