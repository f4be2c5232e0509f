import { lazy, Suspense } from "react";
import { useRouting } from "../../integration/routing";
import { Skeleton } from "../../ui/Waiting";
import { HistoryList } from "./HistoryList";

const MessagePage = lazy(() => import("./MessagePage"));
const StatsPage = lazy(() => import("./StatsPage"));

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
