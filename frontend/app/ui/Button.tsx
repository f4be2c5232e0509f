import { Button as AriaButton, type ButtonProps as AriaProps } from "react-aria-components/Button";
import { ProgressBar } from "react-aria-components/ProgressBar";
import { useStrings } from "../integration/context";
import styles from "./Button.module.css";

export interface ButtonProps extends Omit<AriaProps, "className" | "style" | "children"> {
  children: React.ReactNode;
  /** `primary`: the one thing to do here. */
  kind?: "primary" | "quiet" | "danger" | "plain";
  size?: "normal" | "small";
}

/** `isPending` shows that it works, keeps the focus, and takes no second press. */
export function Button({ kind = "quiet", size = "normal", children, ...props }: ButtonProps) {
  const strings = useStrings();
  return (
    <AriaButton {...props} className={styles.button} data-kind={kind} data-size={size}>
      {props.isPending && (
        <ProgressBar isIndeterminate aria-label={strings.common.loading} className={styles.spinner} />
      )}
      {children}
    </AriaButton>
  );
}
