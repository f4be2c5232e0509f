import { useStrings } from "../../integration/context";
import { Select } from "../../ui/Select";
import type { FilterProps } from "./FilterBar";
import { useTemplateNames, useTriggerNames, type Names } from "./names";

export function TemplateFilter({ chosen, change }: FilterProps) {
  const t = useStrings().history.filters;
  return (
    <NamedFilter
      label={t.template}
      any={t.anyTemplate}
      names={useTemplateNames()}
      value={chosen.template}
      onChange={(template) => change({ template })}
    />
  );
}

export function TriggerFilter({ chosen, change }: FilterProps) {
  const t = useStrings().history.filters;
  return (
    <NamedFilter
      label={t.trigger}
      any={t.anyTrigger}
      names={useTriggerNames()}
      value={chosen.trigger}
      onChange={(trigger) => change({ trigger })}
    />
  );
}

function NamedFilter(props: {
  label: string;
  any: string;
  names: Names;
  value: string | undefined;
  onChange: (id: string | undefined) => void;
}) {
  const { label, any, names, value, onChange } = props;
  const known = Object.entries(names).map(([id, name]) => ({ id, label: name }));
  // One that was archived or deleted is not in the list; a link may ask for it all the same.
  const other = value && !names[value] ? [{ id: value, label: value }] : [];
  return (
    <Select
      label={label}
      options={[{ id: "", label: any }, ...known, ...other]}
      value={value ?? ""}
      onChange={(id) => onChange(id || undefined)}
    />
  );
}
