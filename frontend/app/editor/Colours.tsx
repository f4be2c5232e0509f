import type { Editor } from "@tiptap/core";
import { Button } from "react-aria-components/Button";
import { ColorSwatch } from "react-aria-components/ColorSwatch";
import { ColorSwatchPicker, ColorSwatchPickerItem } from "react-aria-components/ColorSwatchPicker";
import { Dialog, DialogTrigger } from "react-aria-components/Dialog";
import { Popover } from "react-aria-components/Popover";
import { useStrings } from "../integration/context";
import { Button as Plain } from "../ui/Button";
import { Icon } from "./icons";
import overlays from "../ui/overlays.module.css";
import styles from "./editor.module.css";

// Dark ones read well on white, light ones under black text (WCAG 2.2, 1.4.3).
const INKS = ["#1b2230", "#535d6e", "#a8201a", "#9a4a00", "#7a5c00", "#14632c", "#0b57d0", "#5b2ea6", "#a0186b"];
const GROUNDS = ["#f1f3f7", "#fde2e0", "#fee8cf", "#fff3b8", "#d9f2df", "#d8e6fd", "#e8defa", "#fbdcec"];

interface Props {
  editor: Editor;
  colour: string | null;
  background: string | null;
}

export function Colours({ editor, colour, background }: Props) {
  const t = useStrings().editor;
  return (
    <DialogTrigger>
      <Button aria-label={t.colours} className={styles["tool"] ?? ""}>
        <Icon name="colour" />
      </Button>
      <Popover className={overlays["popover"] ?? ""}>
        <Dialog aria-label={t.colours} className={styles["colours"] ?? ""}>
          {({ close }) => (
            <>
              <Swatches
                label={t.textColour}
                colours={INKS}
                value={colour}
                onChange={(hex) => {
                  editor.chain().focus().setColor(hex).run();
                  close();
                }}
              />
              <Swatches
                label={t.backgroundColour}
                colours={GROUNDS}
                value={background}
                onChange={(hex) => {
                  editor.chain().focus().setBackgroundColor(hex).run();
                  close();
                }}
              />
              <Plain
                size="small"
                onPress={() => {
                  editor.chain().focus().unsetColor().unsetBackgroundColor().run();
                  close();
                }}
              >
                {t.noColour}
              </Plain>
            </>
          )}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function Swatches({
  label,
  colours,
  value,
  onChange,
}: {
  label: string;
  colours: string[];
  value: string | null;
  onChange: (hex: string) => void;
}) {
  return (
    <div>
      <span className={styles["caption"]} aria-hidden>
        {label}
      </span>
      <ColorSwatchPicker
        aria-label={label}
        value={colours.includes(value ?? "") ? (value as string) : "#00000000"}
        onChange={(colour) => onChange(colour.toString("hex").toLowerCase())}
        className={styles["swatches"] ?? ""}
      >
        {colours.map((hex) => (
          <ColorSwatchPickerItem key={hex} color={hex} className={styles["swatch"] ?? ""}>
            <ColorSwatch />
          </ColorSwatchPickerItem>
        ))}
      </ColorSwatchPicker>
    </div>
  );
}
