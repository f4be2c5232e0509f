import { CheckboxButton, CheckboxField, type CheckboxFieldProps } from "react-aria-components/Checkbox";
import { SwitchButton, SwitchField, type SwitchFieldProps } from "react-aria-components/Switch";
import styles from "./fields.module.css";

type Plain<T> = Omit<T, "className" | "style" | "children"> & { children: React.ReactNode };

export function Checkbox({ children, ...props }: Plain<CheckboxFieldProps>) {
  return (
    <CheckboxField {...props}>
      <CheckboxButton className={styles.tick}>
        {({ isSelected, isIndeterminate }) => (
          <>
            <span className={styles.box} aria-hidden>
              {isIndeterminate ? "–" : isSelected ? "✓" : ""}
            </span>
            <span>{children}</span>
          </>
        )}
      </CheckboxButton>
    </CheckboxField>
  );
}

/** For what is on or off. */
export function Switch({ children, ...props }: Plain<SwitchFieldProps>) {
  return (
    <SwitchField {...props}>
      <SwitchButton className={styles.tick}>
        <span className={styles.track} aria-hidden />
        <span>{children}</span>
      </SwitchButton>
    </SwitchField>
  );
}
