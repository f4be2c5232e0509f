import { useState } from "react";
import { useAccounts } from "../../api/accounts";
import { useStrings } from "../../integration/context";
import { DateRangeField } from "../../ui/DateRangeField";
import { Disclosure } from "../../ui/Disclosure";
import { SearchField } from "../../ui/SearchField";
import { Select } from "../../ui/Select";
import { TextField } from "../../ui/TextField";
import { useDraft } from "../../ui/useDraft";
import { PERIODS, STATUSES, type Chosen } from "./filters";
import { TemplateFilter, TriggerFilter } from "./NamedFilters";
import type { useFilters } from "./useFilters";
import styles from "./history.module.css";

export interface FilterProps {
  chosen: Chosen;
  change: ReturnType<typeof useFilters>["change"];
}

/** Everything that the list can be narrowed by. */
export function FilterBar({ chosen, change }: FilterProps) {
  const t = useStrings().history.filters;
  const [q, setQ] = useDraft(chosen.q ?? "", (text) => change({ q: text || undefined }));
  const rare = ["to", "tag", "template", "trigger", "batch"] as const;
  const [isOpen, setOpen] = useState(rare.some((name) => chosen[name]));
  return (
    <div role="search" aria-label={t.label} className={styles.filters}>
      <div className={styles.fields}>
        <SearchField label={t.search} placeholder={t.searchHint} value={q} onChange={setQ} />
        <AccountFilter chosen={chosen} change={change} />
        <StatusFilter chosen={chosen} change={change} />
        <PeriodFilter chosen={chosen} change={change} />
      </div>
      <Disclosure title={t.more} isOpen={isOpen} onToggle={setOpen}>
        {/* Names are asked for only where they are wanted. */}
        {isOpen && (
          <div className={styles.fields}>
            <TextFilter name="to" hint={t.toHint} chosen={chosen} change={change} />
            <TextFilter name="tag" chosen={chosen} change={change} />
            <TemplateFilter chosen={chosen} change={change} />
            <TriggerFilter chosen={chosen} change={change} />
            <TextFilter name="batch" chosen={chosen} change={change} />
          </div>
        )}
      </Disclosure>
    </div>
  );
}

export function AccountFilter({ chosen, change }: FilterProps) {
  const t = useStrings().history.filters;
  const { data: accounts } = useAccounts();
  // A disconnected account can't be chosen; a link may ask for one all the same.
  const gone = chosen.account && !accounts?.some((one) => one.id === chosen.account) ? [chosen.account] : [];
  return (
    <Select
      label={t.account}
      options={[
        { id: "", label: t.anyAccount },
        ...(accounts ?? []).map(({ id, email }) => ({ id, label: email })),
        ...gone.map((id) => ({ id, label: id })),
      ]}
      value={chosen.account ?? ""}
      onChange={(account) => change({ account: account || undefined })}
    />
  );
}

function StatusFilter({ chosen, change }: FilterProps) {
  const { filters, statuses } = useStrings().history;
  return (
    <Select
      label={filters.status}
      options={[{ id: "" as const, label: filters.anyStatus }, ...STATUSES.map((id) => ({ id, label: statuses[id] }))]}
      value={chosen.status ?? ""}
      onChange={(status) => change({ status: status || undefined })}
    />
  );
}

/** The last so many days, or some days of one's choice; `isBounded` where there has to be an end to it. */
export function PeriodFilter({ chosen, change, isBounded = false }: FilterProps & { isBounded?: boolean }) {
  const t = useStrings().history.filters;
  const { since, until } = chosen;
  const [isChoosing, setChoosing] = useState(Boolean(since ?? until));
  const choices = [...(isBounded ? [] : (["any"] as const)), ...PERIODS, "days" as const];
  const value = isChoosing ? ("days" as const) : (chosen.period ?? ("any" as const));
  return (
    <>
      <Select
        label={t.period}
        options={choices.map((id) => ({ id, label: t.periods[id] }))}
        value={value}
        onChange={(id) => {
          setChoosing(id === "days");
          if (id !== "days") change({ period: id === "any" ? undefined : id, since: undefined, until: undefined });
        }}
      />
      {isChoosing && (
        <DateRangeField
          label={t.days}
          value={since && until ? { since, until } : null}
          onChange={(range) => change({ period: undefined, since: range?.since, until: range?.until })}
        />
      )}
    </>
  );
}

function TextFilter({ name, hint, chosen, change }: FilterProps & { name: "to" | "tag" | "batch"; hint?: string }) {
  const t = useStrings().history.filters;
  const [text, setText] = useDraft(chosen[name] ?? "", (given) => change({ [name]: given || undefined }));
  return <TextField label={t[name]} {...(hint ? { hint } : {})} value={text} onChange={setText} />;
}
