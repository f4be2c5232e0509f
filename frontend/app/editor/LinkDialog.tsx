import type { Editor } from "@tiptap/core";
import { useState } from "react";
import { useStrings } from "../integration/context";
import { Button } from "../ui/Button";
import { Dialog, DialogButtons } from "../ui/Dialog";
import { Form } from "../ui/Form";
import { TextField } from "../ui/TextField";
import { isLinkAddress } from "./extensions";
import styles from "./editor.module.css";

interface Props {
  editor: Editor;
  onClose: () => void;
}

export function LinkDialog({ editor, onClose }: Props) {
  const t = useStrings().editor;
  return (
    <Dialog title={t.link} onClose={onClose}>
      <LinkForm editor={editor} onClose={onClose} />
    </Dialog>
  );
}

function LinkForm({ editor, onClose }: Props) {
  const { common, editor: t } = useStrings();
  const before = (editor.getAttributes("link") as { href?: string }).href ?? "";
  const [address, setAddress] = useState(before);
  const [text, setText] = useState("");
  const [tried, setTried] = useState(false);
  const needsText = editor.state.selection.empty && !before;
  const full = /^[\w-]+(?:\.[\w-]+)+(?:[/?#]|$)/.test(address.trim()) ? `https://${address.trim()}` : address.trim();
  const wrong = tried && !isLinkAddress(full) ? t.linkInvalid : undefined;
  const save = (): undefined => {
    setTried(true);
    if (!isLinkAddress(full)) return;
    const chain = editor.chain().focus();
    if (needsText) {
      chain
        .insertContent({ type: "text", text: text.trim() || full, marks: [{ type: "link", attrs: { href: full } }] })
        .run();
    } else chain.extendMarkRange("link").setLink({ href: full }).run();
    onClose();
  };
  return (
    <Form className={styles["form"]} onSubmit={save}>
      <TextField label={t.linkAddress} hint={t.linkHint} value={address} onChange={setAddress} error={wrong} />
      {needsText && <TextField label={t.linkText} value={text} onChange={setText} />}
      <DialogButtons>
        {before && (
          <Button
            kind="danger"
            onPress={() => {
              editor.chain().focus().extendMarkRange("link").unsetLink().run();
              onClose();
            }}
          >
            {t.linkRemove}
          </Button>
        )}
        <Button onPress={onClose}>{common.cancel}</Button>
        <Button kind="primary" type="submit">
          {t.apply}
        </Button>
      </DialogButtons>
    </Form>
  );
}
