import { isBatch, useSendOrBatch, type SendDetail } from "../../api/history";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { Line, Stack } from "../../ui/layout";
import { Link } from "../../ui/Link";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Tabs } from "../../ui/Tabs";
import { Skeleton } from "../../ui/Waiting";
import { BatchPage } from "./BatchPage";
import { Content } from "./Content";
import { MessageHeader } from "./MessageHeader";
import { Source } from "./Source";
import { Story } from "./Story";

const VIEWS = ["timeline", "content", "source"] as const;

/** One message or one batch, whichever the id names. */
export default function MessagePage({ id }: { id: string }) {
  const t = useStrings().history;
  const { data, error, isPending, refetch } = useSendOrBatch(id);
  return (
    <div aria-busy={isPending}>
      <Stack>
        <Line>
          <Link to="/history">‹ {t.back}</Link>
        </Line>
        {/* What was there before a failed refresh stays. */}
        <ProblemNotice error={error} onRetry={() => void refetch()} />
        {isPending && <Skeleton lines={6} />}
        {data && (isBatch(data) ? <BatchPage batch={data} /> : <Message send={data} />)}
      </Stack>
    </div>
  );
}

function Message({ send }: { send: SendDetail }) {
  const t = useStrings().history.message;
  const { route, navigate } = useRouting();
  const view = VIEWS.find((one) => one === route.query.get("view")) ?? "timeline";
  const contents = {
    timeline: <Story send={send} />,
    content: <Content send={send} />,
    source: <Source send={send} />,
  };
  return (
    <>
      <MessageHeader send={send} />
      <Tabs
        label={t.viewsLabel}
        items={VIEWS.map((id) => ({ id, title: t.views[id], content: contents[id] }))}
        selected={view}
        onSelect={(id) => navigate(`/history/${send.id}${id === "timeline" ? "" : `?view=${id}`}`, { replace: true })}
      />
    </>
  );
}
