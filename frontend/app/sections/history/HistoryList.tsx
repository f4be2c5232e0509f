import { useState } from "react";
import { useExportSends } from "../../api/exporting";
import { useSends } from "../../api/history";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { Endless } from "../../ui/Endless";
import { ExportState } from "../../ui/ExportState";
import { SectionHeader, Stack } from "../../ui/layout";
import { Menu } from "../../ui/Menu";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Skeleton } from "../../ui/Waiting";
import { FilterBar } from "./FilterBar";
import { filterPath, isFiltered } from "./filters";
import { RetentionDialog } from "./RetentionDialog";
import { SendsTable } from "./SendsTable";
import { useFilters } from "./useFilters";

export function HistoryList() {
  const t = useStrings().history;
  const { navigate } = useRouting();
  const { chosen, query, change, clear } = useFilters("/history");
  const sends = useSends(query);
  const file = useExportSends(query);
  const [isKeeping, setKeeping] = useState(false);
  const [round, setRound] = useState(0); // fields begin anew when all filters are taken away
  const rows = sends.data?.pages.flatMap((page) => page.sends) ?? [];
  const clearAll = () => {
    setRound(round + 1);
    clear();
  };
  const { account, template, trigger, status, period, since, until } = chosen;
  const counted = Object.fromEntries(
    Object.entries({ account, template, trigger, status, period, since, until }).filter((entry) => entry[1]),
  );
  return (
    <div aria-busy={sends.isPending}>
      <SectionHeader title={t.title} lead={t.lead}>
        <Button onPress={() => navigate(filterPath("/history/stats", counted))}>{t.statistics}</Button>
        <Menu
          label={t.moreActions}
          actions={[
            { id: "csv", label: t.exportCsv, onAction: () => file.start("csv"), isDisabled: file.isPending },
            { id: "ndjson", label: t.exportNdjson, onAction: () => file.start("ndjson"), isDisabled: file.isPending },
            { id: "retention", label: t.retention, onAction: () => setKeeping(true) },
          ]}
        />
      </SectionHeader>
      <Stack>
        <ExportState {...file} text={t.exporting} />
        <FilterBar key={round} chosen={chosen} change={change} />
        <ProblemNotice error={sends.error} onRetry={() => void sends.refetch()} />
        {sends.isPending && <Skeleton lines={6} />}
        {sends.data && !rows.length && <Nothing filtered={isFiltered(chosen)} clear={clearAll} />}
        {rows.length > 0 && <SendsTable rows={rows} />}
        <Endless {...sends} />
      </Stack>
      {isKeeping && <RetentionDialog onClose={() => setKeeping(false)} />}
    </div>
  );
}

function Nothing({ filtered, clear }: { filtered: boolean; clear: () => void }) {
  const t = useStrings().history;
  const { navigate } = useRouting();
  return filtered ? (
    <EmptyState title={t.noMatch} action={<Button onPress={clear}>{t.clearFilters}</Button>}>
      {t.noMatchNext}
    </EmptyState>
  ) : (
    <EmptyState
      title={t.empty}
      action={
        <Button kind="primary" onPress={() => navigate("/compose")}>
          {t.emptyAction}
        </Button>
      }
    >
      {t.emptyNext}
    </EmptyState>
  );
}
