import { useStrings } from "../integration/context";
import { Button } from "./Button";
import styles from "./feedback.module.css";

/** At the end of a list that has more; takes what useInfiniteQuery gives. */
export function LoadMore({
  hasNextPage,
  isFetchingNextPage,
  fetchNextPage,
}: {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}) {
  const strings = useStrings();
  if (!hasNextPage) return null;
  return (
    <div className={styles.more}>
      <Button isPending={isFetchingNextPage} onPress={() => void fetchNextPage()}>
        {strings.common.showMore}
      </Button>
    </div>
  );
}
