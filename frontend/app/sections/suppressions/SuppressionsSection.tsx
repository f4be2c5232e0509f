import { useState } from "react";
import { useExportSuppressions } from "../../api/exporting";
import { useSuppressions, type Suppression, type SuppressionReason } from "../../api/suppressions";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { Endless } from "../../ui/Endless";
import { ExportState } from "../../ui/ExportState";
import { SectionHeader, Stack } from "../../ui/layout";
import { Menu } from "../../ui/Menu";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { SearchField } from "../../ui/SearchField";
import { Select } from "../../ui/Select";
import { useDraft } from "../../ui/useDraft";
import { Skeleton } from "../../ui/Waiting";
import { AddDialog } from "./AddDialog";
import { filtersOf, pathOf, REASONS } from "./filters";
import { ImportDialog } from "./ImportDialog";
import { RemoveDialog } from "./RemoveDialog";
import { SuppressionsTable } from "./SuppressionsTable";
import styles from "./suppressions.module.css";

/** Who gets no more mail: look, add, remove, bring a list and take it along. */
export default function SuppressionsSection() {
  const t = useStrings().suppressions;
  const { route, navigate } = useRouting();
  const filters = filtersOf(route.query);
  const { address, reason } = filters;
  const list = useSuppressions(filters);
  const file = useExportSuppressions(reason);
  const [opened, setOpened] = useState<"add" | "import" | null>(null);
  const [removing, setRemoving] = useState<Suppression | null>(null);
  const rows = list.data?.pages.flatMap((page) => page.suppressions) ?? [];
  const change = (some: { address?: string | undefined; reason?: SuppressionReason | undefined }) =>
    navigate(pathOf({ ...filters, ...some }), { replace: true });
  return (
    <div aria-busy={list.isPending}>
      <SectionHeader title={t.title} lead={t.lead}>
        <Button kind="primary" onPress={() => setOpened("add")}>
          {t.add}
        </Button>
        <Button onPress={() => setOpened("import")}>{t.import}</Button>
        <Menu
          label={t.more}
          actions={[
            { id: "csv", label: t.exportCsv, onAction: () => file.start("csv"), isDisabled: file.isPending },
            { id: "ndjson", label: t.exportNdjson, onAction: () => file.start("ndjson"), isDisabled: file.isPending },
          ]}
        />
      </SectionHeader>
      <Stack>
        <ExportState {...file} text={t.exporting} />
        <Filters address={address ?? ""} reason={reason} change={change} />
        <ProblemNotice error={list.error} onRetry={() => void list.refetch()} />
        {list.isPending && <Skeleton lines={5} />}
        {list.data && !rows.length && (
          <Nothing filtered={Boolean(address ?? reason)} showAll={() => navigate("/suppressions", { replace: true })} />
        )}
        {rows.length > 0 && <SuppressionsTable rows={rows} onRemove={setRemoving} />}
        <Endless {...list} />
      </Stack>
      {opened === "add" && <AddDialog onClose={() => setOpened(null)} />}
      {opened === "import" && <ImportDialog onClose={() => setOpened(null)} />}
      {removing && <RemoveDialog suppression={removing} onClose={() => setRemoving(null)} />}
    </div>
  );
}

function Filters(props: {
  address: string;
  reason: SuppressionReason | undefined;
  change: (some: { address?: string | undefined; reason?: SuppressionReason | undefined }) => void;
}) {
  const t = useStrings().suppressions;
  const [address, setAddress] = useDraft(props.address, (text) => props.change({ address: text || undefined }));
  return (
    <div role="search" className={styles.fields}>
      <SearchField label={t.search} placeholder={t.searchHint} value={address} onChange={setAddress} />
      <Select
        label={t.reason}
        options={[{ id: "" as const, label: t.anyReason }, ...REASONS.map((id) => ({ id, label: t.reasons[id] }))]}
        value={props.reason ?? ""}
        onChange={(reason) => props.change({ reason: reason || undefined })}
      />
    </div>
  );
}

function Nothing({ filtered, showAll }: { filtered: boolean; showAll: () => void }) {
  const t = useStrings().suppressions;
  if (!filtered) return <EmptyState title={t.empty}>{t.emptyNext}</EmptyState>;
  return (
    <EmptyState title={t.noMatch} action={<Button onPress={showAll}>{t.showAll}</Button>}>
      {t.noMatchNext}
    </EmptyState>
  );
}
