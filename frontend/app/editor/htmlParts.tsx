import { Suspense } from "react";
import { onDemand } from "../ui/onDemand";
import type { TabItem } from "../ui/Tabs";
import { TextField } from "../ui/TextField";
import { Skeleton } from "../ui/Waiting";
import type { VisualProps } from "./Visual";

const { Component: Visual } = onDemand(() => import("./Visual"));

interface HtmlPartsProps extends VisualProps {
  titles: { visual: string; source: string };
  source: { label: string; hint: string; rows: number };
}

/** Two tabs, `visual` and `source`, for one template's HTML: as it will look, loaded when it is first shown; as it is. */
export function htmlParts({ titles, source, ...visual }: HtmlPartsProps): TabItem[] {
  const { html, onChange, error } = visual;
  return [
    {
      id: "visual",
      title: titles.visual,
      content: (
        <Suspense fallback={<Skeleton lines={6} />}>
          <Visual {...visual} />
        </Suspense>
      ),
    },
    {
      id: "source",
      title: titles.source,
      content: <TextField {...source} mono value={html} onChange={onChange} error={error} spellCheck="false" />,
    },
  ];
}
