import { Dialog as AriaDialog, Heading } from "react-aria-components/Dialog";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { useStrings } from "../integration/context";
import { Button } from "./Button";
import styles from "./overlays.module.css";

export interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  children: React.ReactNode;
  size?: "normal" | "wide";
  role?: "dialog" | "alertdialog";
  /** Only what is in it closes it: for what is shown once. */
  stays?: boolean;
}

/** Over the page; Escape and a press beside it close it. What is in it exists only while it is open. */
export function Dialog({
  title,
  isOpen,
  onClose,
  children,
  size = "normal",
  role = "dialog",
  stays = false,
}: DialogProps) {
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      isDismissable={role === "dialog" && !stays}
      isKeyboardDismissDisabled={stays}
      className={styles.backdrop}
    >
      <Modal className={styles.modal} data-size={size}>
        <AriaDialog role={role} className={styles.dialog}>
          <Heading slot="title" className={styles.title}>
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

/** The row of buttons at the end of a dialog or a form: the one that goes on stands last. */
export function DialogButtons({ children }: { children: React.ReactNode }) {
  return <div className={styles.buttons}>{children}</div>;
}

export interface AlertDialogProps extends Omit<DialogProps, "role" | "size" | "stays"> {
  confirm: string;
  keep?: string;
  onConfirm: () => void;
  isPending?: boolean;
}

/** Asks before what can't be undone. The focus starts on the harmless button. */
export function AlertDialog({ confirm, keep, onConfirm, isPending = false, children, ...props }: AlertDialogProps) {
  const strings = useStrings();
  return (
    <Dialog {...props} role="alertdialog">
      {children}
      <DialogButtons>
        {/* eslint-disable-next-line jsx-a11y/no-autofocus -- a dialog has to put the focus somewhere */}
        <Button autoFocus onPress={props.onClose}>
          {keep ?? strings.common.cancel}
        </Button>
        <Button kind="danger" onPress={onConfirm} isPending={isPending}>
          {confirm}
        </Button>
      </DialogButtons>
    </Dialog>
  );
}
