import { useEditorState, type Editor } from "@tiptap/react";
import { useState } from "react";
import { Button } from "react-aria-components/Button";
import { Group } from "react-aria-components/Group";
import { ToggleButton } from "react-aria-components/ToggleButton";
import { Toolbar as AriaToolbar } from "react-aria-components/Toolbar";
import { useStrings } from "../integration/context";
import { Menu } from "../ui/Menu";
import { Tooltip } from "../ui/Tooltip";
import { blockActions, tableActions } from "./actions";
import { Colours } from "./Colours";
import { Icon, type IconName } from "./icons";
import { LinkDialog } from "./LinkDialog";
import { PictureDialog } from "./PictureDialog";
import { toolbarState } from "./state";
import styles from "./editor.module.css";

interface Props {
  editor: Editor;
  label: string;
  variables?: readonly string[];
  onPictures?: (files: File[]) => void;
}

/** One stop of the Tab key; arrow keys go from button to button. */
export function Toolbar({ editor, label, variables, onPictures }: Props) {
  const t = useStrings().editor;
  const state = useEditorState({ editor, selector: ({ editor: current }) => toolbarState(current) });
  const [dialog, setDialog] = useState<"link" | "picture" | null>(null);
  const close = () => setDialog(null);
  const toggle = (name: keyof typeof state.marks, text: string, sign: React.ReactNode, run: () => void) => (
    <Toggle key={name} label={text} isSelected={state.marks[name]} onChange={run}>
      {sign}
    </Toggle>
  );
  const chain = () => editor.chain().focus();
  return (
    <>
      <AriaToolbar aria-label={label} className={styles["toolbar"] ?? ""}>
        <Group aria-label={t.history} className={styles["set"] ?? ""}>
          <Press label={t.undo} icon="undo" isDisabled={!state.canUndo} onPress={() => chain().undo().run()} />
          <Press label={t.redo} icon="redo" isDisabled={!state.canRedo} onPress={() => chain().redo().run()} />
        </Group>
        <Menu label={t.blockIs(t.blocks[state.block])} actions={blockActions(editor, t)}>
          {t.blocks[state.block]} <span aria-hidden>▾</span>
        </Menu>
        <Group aria-label={t.marks} className={styles["set"] ?? ""}>
          {toggle("bold", t.bold, <b>B</b>, () => chain().toggleBold().run())}
          {toggle("italic", t.italic, <i>I</i>, () => chain().toggleItalic().run())}
          {toggle("underline", t.underline, <u>U</u>, () => chain().toggleUnderline().run())}
          {toggle("strike", t.strike, <s>S</s>, () => chain().toggleStrike().run())}
          {toggle("code", t.code, <Icon name="code" />, () => chain().toggleCode().run())}
          <Colours editor={editor} colour={state.colour} background={state.background} />
          <Press label={t.clear} icon="clear" onPress={() => chain().unsetAllMarks().clearNodes().run()} />
        </Group>
        <Group aria-label={t.lists} className={styles["set"] ?? ""}>
          {toggle("bulletList", t.bullets, <Icon name="bullets" />, () => chain().toggleBulletList().run())}
          {toggle("orderedList", t.numbers, <Icon name="numbers" />, () => chain().toggleOrderedList().run())}
          {toggle("blockquote", t.quote, <Icon name="quote" />, () => chain().toggleBlockquote().run())}
        </Group>
        <Group aria-label={t.alignment} className={styles["set"] ?? ""}>
          {(["left", "center", "right", "justify"] as const).map((side) => (
            <Toggle
              key={side}
              label={t.align[side]}
              isSelected={state.align === side}
              onChange={() => (side === "left" ? chain().unsetTextAlign().run() : chain().setTextAlign(side).run())}
            >
              <Icon name={side} />
            </Toggle>
          ))}
        </Group>
        <Group aria-label={t.insert} className={styles["set"] ?? ""}>
          <Toggle label={t.link} isSelected={state.marks.link} onChange={() => setDialog("link")}>
            <Icon name="link" />
          </Toggle>
          <Press label={t.picture} icon="picture" onPress={() => setDialog("picture")} />
          <Menu label={t.table} actions={tableActions(editor, t, state.inTable)}>
            <Icon name="table" />
          </Menu>
          <Press label={t.rule} icon="rule" onPress={() => chain().setHorizontalRule().run()} />
        </Group>
        {variables && (
          <Menu
            label={t.variable}
            actions={variables.map((key) => ({
              id: key,
              label: key,
              onAction: () => chain().insertVariable(key).run(),
            }))}
          >
            {t.variable} <span aria-hidden>▾</span>
          </Menu>
        )}
      </AriaToolbar>
      {dialog === "link" && <LinkDialog editor={editor} onClose={close} />}
      {dialog === "picture" && (
        <PictureDialog editor={editor} onClose={close} {...(onPictures ? { onPictures } : {})} />
      )}
    </>
  );
}

interface SignProps {
  label: string;
  isDisabled?: boolean;
}

function Toggle({
  label,
  children,
  ...props
}: SignProps & { isSelected: boolean; onChange: () => void; children: React.ReactNode }) {
  return (
    <Tooltip text={label}>
      <ToggleButton {...props} aria-label={label} className={styles["tool"] ?? ""}>
        {children}
      </ToggleButton>
    </Tooltip>
  );
}

function Press({ label, icon, ...props }: SignProps & { icon: IconName; onPress: () => void }) {
  return (
    <Tooltip text={label}>
      <Button {...props} aria-label={label} className={styles["tool"] ?? ""}>
        <Icon name={icon} />
      </Button>
    </Tooltip>
  );
}
