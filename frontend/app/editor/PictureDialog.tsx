import type { Editor } from "@tiptap/core";
import { useState } from "react";
import { FileTrigger } from "react-aria-components/FileTrigger";
import { useStrings } from "../integration/context";
import { Button } from "../ui/Button";
import { Dialog, DialogButtons } from "../ui/Dialog";
import { Form } from "../ui/Form";
import { TextField } from "../ui/TextField";
import styles from "./editor.module.css";

interface Props {
  editor: Editor;
  onClose: () => void;
  /** Takes files into the message; without it, a picture has to lie somewhere on the web. */
  onPictures?: (files: File[]) => void;
}

export function PictureDialog({ editor, onClose, onPictures }: Props) {
  const { common, editor: t } = useStrings();
  const [address, setAddress] = useState("");
  const [alt, setAlt] = useState("");
  const [tried, setTried] = useState(false);
  const valid = /^(?:https?:\/\/\S+|\{\{.+\}\})$/i.test(address.trim());
  return (
    <Dialog title={t.picture} onClose={onClose}>
      {onPictures && (
        <>
          <p>{t.pictureFile}</p>
          <FileTrigger
            acceptedFileTypes={["image/png", "image/jpeg", "image/gif", "image/webp"]}
            allowsMultiple
            onSelect={(files) => {
              onPictures([...(files ?? [])]);
              onClose();
            }}
          >
            <Button>{t.chooseFile}</Button>
          </FileTrigger>
          <p>{t.pictureOr}</p>
        </>
      )}
      <Form
        className={styles["form"]}
        onSubmit={(): undefined => {
          setTried(true);
          if (!valid) return;
          editor.chain().focus().setImage({ src: address.trim(), alt }).run();
          onClose();
        }}
      >
        <TextField
          label={t.pictureAddress}
          hint={t.pictureHint}
          value={address}
          onChange={setAddress}
          error={tried && !valid ? t.pictureInvalid : undefined}
        />
        <TextField label={t.pictureAlt} hint={t.pictureAltHint} value={alt} onChange={setAlt} />
        <DialogButtons>
          <Button onPress={onClose}>{common.cancel}</Button>
          <Button kind="primary" type="submit">
            {t.apply}
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  );
}
