import { Label } from "react-aria-components/Label";
import { Meter as AriaMeter } from "react-aria-components/Meter";
import { ProgressBar as AriaProgressBar } from "react-aria-components/ProgressBar";
import styles from "./feedback.module.css";

interface BarProps {
  label: string;
  /** 0 to `max`. */
  value: number;
  max?: number;
  /** What stands beside it; a percentage if absent. */
  valueText?: string;
}

/** How far something is that ends. `value` null: nobody knows how far. */
export function ProgressBar({
  label,
  value,
  max = 100,
  valueText,
}: Omit<BarProps, "value"> & { value: number | null }) {
  return (
    <AriaProgressBar
      value={value ?? 0}
      maxValue={max}
      isIndeterminate={value === null}
      valueLabel={valueText}
      className={styles.progress}
    >
      {({ percentage, valueText: text }) => (
        <Bar label={label} text={text} percentage={value === null ? null : (percentage ?? 0)} />
      )}
    </AriaProgressBar>
  );
}

/** How much of something there is. */
export function Meter({ label, value, max = 100, valueText }: BarProps) {
  return (
    <AriaMeter value={value} maxValue={max} valueLabel={valueText} className={styles.progress}>
      {({ percentage, valueText: text }) => <Bar label={label} text={text} percentage={percentage} />}
    </AriaMeter>
  );
}

function Bar({ label, text, percentage }: { label: string; text: string | undefined; percentage: number | null }) {
  return (
    <>
      <Label>{label}</Label>
      <span>{text}</span>
      <div className={styles.bar}>
        <div
          className={styles.fill}
          {...(percentage === null ? { "data-indeterminate": true } : { style: { width: `${percentage}%` } })}
        />
      </div>
    </>
  );
}
