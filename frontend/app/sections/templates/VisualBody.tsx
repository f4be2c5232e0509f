import { lazy, Suspense } from "react";
import { Skeleton } from "../../ui/Waiting";
import type { VisualProps } from "./Visual";

const Visual = lazy(() => import("./Visual"));

export function VisualBody(props: VisualProps) {
  return (
    <Suspense fallback={<Skeleton lines={6} />}>
      <Visual {...props} />
    </Suspense>
  );
}
