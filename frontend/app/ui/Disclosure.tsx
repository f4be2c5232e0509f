import { Button } from "react-aria-components/Button";
import { Disclosure as AriaDisclosure, DisclosurePanel } from "react-aria-components/Disclosure";
import styles from "./Disclosure.module.css";

export interface DisclosureProps {
  title: React.ReactNode;
  children: React.ReactNode;
  isOpen?: boolean;
  onToggle?: (isOpen: boolean) => void;
}

/** More about something, for who wants to know. */
export function Disclosure({ title, children, isOpen, onToggle }: DisclosureProps) {
  return (
    <AriaDisclosure
      className={styles.disclosure}
      {...(isOpen === undefined ? {} : { isExpanded: isOpen })}
      {...(onToggle ? { onExpandedChange: onToggle } : {})}
    >
      <Button slot="trigger" className={styles.trigger}>
        <span aria-hidden className={styles.sign}>
          ▸
        </span>
        {title}
      </Button>
      <DisclosurePanel className={styles.panel}>{children}</DisclosurePanel>
    </AriaDisclosure>
  );
}
