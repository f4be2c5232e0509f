import { Suspense } from "react";
import { useRouting } from "../../integration/routing";
import { onDemand } from "../../ui/onDemand";
import { Skeleton } from "../../ui/Waiting";
import { HistoryList } from "./HistoryList";

const { Component: MessagePage } = onDemand(() => import("./MessagePage"));
const { Component: StatsPage } = onDemand(() => import("./StatsPage"));

/** The list of messages; one message or batch at /history/{id}; statistics at /history/stats. */
export default function HistorySection() {
  const [place] = useRouting().route.rest;
  if (!place) return <HistoryList />;
  return (
    <Suspense fallback={<Skeleton lines={6} />}>
      {place === "stats" ? <StatsPage /> : <MessagePage key={place} id={place} />}
    </Suspense>
  );
}
