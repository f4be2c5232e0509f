import { Button as AriaButton } from "react-aria-components/Button";
import { DropZone } from "react-aria-components/DropZone";
import { FileTrigger } from "react-aria-components/FileTrigger";
import { Text } from "react-aria-components/Text";
import buttons from "./Button.module.css";
import styles from "./FileField.module.css";

export interface FileFieldProps {
  label: string;
  /** The button's text. */
  choose: string;
  /** File types and endings, such as ".csv". */
  accept?: readonly string[];
  onFile: (file: File) => void;
  children?: React.ReactNode;
}

/** One file, chosen or dropped here. */
export function FileField({ label, choose, accept, onFile, children }: FileFieldProps) {
  return (
    <DropZone
      className={styles.zone}
      onDrop={async ({ items }) => {
        const dropped = items.find((item) => item.kind === "file");
        if (dropped) onFile(await dropped.getFile());
      }}
    >
      <Text slot="label">{label}</Text>
      <FileTrigger
        {...(accept ? { acceptedFileTypes: accept } : {})}
        onSelect={(files) => {
          const file = files?.item(0);
          if (file) onFile(file);
        }}
      >
        <AriaButton className={buttons.button} data-kind="quiet">
          {choose}
        </AriaButton>
      </FileTrigger>
      {children}
    </DropZone>
  );
}
