import { useEffect, useEffectEvent, useRef } from "react";
import { LoadMore } from "./LoadMore";

interface Paging {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  isFetchNextPageError: boolean;
  fetchNextPage: () => unknown;
}

/** At the end of a list: asks for more when it comes near, and by its button. Takes what useInfiniteQuery gives. */
export function Endless({ hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage }: Paging) {
  const end = useRef<HTMLDivElement>(null);
  const near = useEffectEvent(() => {
    // What failed is asked for again by the button alone.
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  });
  useEffect(() => {
    if (!end.current || isFetchingNextPage) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) near();
      },
      { rootMargin: "400px" },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [isFetchingNextPage]);
  return (
    <div ref={end}>
      <LoadMore hasNextPage={hasNextPage} isFetchingNextPage={isFetchingNextPage} fetchNextPage={fetchNextPage} />
    </div>
  );
}
