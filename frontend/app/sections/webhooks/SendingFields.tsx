import { useStrings } from "../../integration/context";
import { Switch } from "../../ui/Checkbox";
import { Soft } from "../../ui/layout";
import { NumberField } from "../../ui/NumberField";
import { Select } from "../../ui/Select";
import { UNITS } from "./delay";
import { Group } from "./Group";
import type { FieldsProps } from "./TriggerForm";
import styles from "./webhooks.module.css";

/** When it goes out, and how many of them. */
export function SendingFields({ draft, set, problem }: FieldsProps) {
  const t = useStrings().webhooks.editor;
  const { delay, perMinute, perDay } = draft;
  return (
    <Group title={t.sending}>
      <div className={styles.half}>
        <NumberField
          label={t.delay}
          hint={t.delayHint}
          minValue={0}
          value={delay.amount}
          onChange={(amount) => set({ delay: { ...delay, amount } })}
          error={problem?.at("/delay_seconds")}
        />
        <Select
          label={t.delayUnit}
          options={UNITS.map((id) => ({ id, label: t.units[id] }))}
          value={delay.unit}
          onChange={(unit) => set({ delay: { ...delay, unit } })}
        />
        <NumberField
          label={t.perMinute}
          hint={t.rateHint}
          minValue={1}
          value={perMinute}
          onChange={(value) => set({ perMinute: value })}
          error={problem?.at("/rate/per_minute")}
        />
        <NumberField
          label={t.perDay}
          minValue={1}
          value={perDay}
          onChange={(value) => set({ perDay: value })}
          error={problem?.at("/rate/per_day")}
        />
      </div>
      <div>
        <Switch isSelected={draft.transactional} onChange={(transactional) => set({ transactional })}>
          {t.transactional}
        </Switch>
        <Soft>{t.transactionalHint}</Soft>
      </div>
    </Group>
  );
}
