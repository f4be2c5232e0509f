import { useEffect, useRef, type Dispatch, type SetStateAction } from "react";
import { ApiProblem } from "../../api/problem";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { Switch } from "../../ui/Checkbox";
import { DialogButtons } from "../../ui/Dialog";
import { Form } from "../../ui/Form";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { TextField } from "../../ui/TextField";
import { AccountSelect } from "./AccountSelect";
import type { TriggerDraft } from "./draft";
import { Group } from "./Group";
import { MappingFields } from "./MappingFields";
import { MessageFields } from "./MessageFields";
import { RecipientFields } from "./RecipientFields";
import type { Recipe } from "./recipes";
import { SendingFields } from "./SendingFields";
import { SigningFields } from "./SigningFields";
import { useDeclared } from "./useDeclared";
import styles from "./webhooks.module.css";

/** What each group of fields takes: the draft, a way to change a part of it, and what the API says is wrong. */
export interface FieldsProps {
  draft: TriggerDraft;
  set: (part: Partial<TriggerDraft>) => void;
  problem: ApiProblem | null;
}

interface Props {
  draft: TriggerDraft;
  onChange: Dispatch<SetStateAction<TriggerDraft>>;
  recipe: Recipe | null;
  isNew: boolean;
  onSave: () => Promise<unknown>;
  onCancel: () => void;
  isPending: boolean;
  error: unknown;
}

// Pointers whose errors stand beside their fields.
const SHOWN = [
  "/name",
  "/account",
  "/template",
  "/subject",
  "/html",
  "/text",
  "/scheme",
  "/hmac",
  "/secrets",
  "/filter",
  "/mapping",
  "/allowed_domains",
  "/delay_seconds",
  "/rate",
];

export function TriggerForm({ draft, onChange, recipe, isNew, onSave, onCancel, isPending, error }: Props) {
  const { common, webhooks } = useStrings();
  const t = webhooks.editor;
  const form = useRef<HTMLFormElement>(null);
  const chosen = useDeclared(draft.message === "template" ? draft.template : null, draft.version);
  const declared = draft.message === "recipe" ? (recipe?.template.variables ?? []) : chosen;
  const problem = error instanceof ApiProblem ? error : null;
  const fields: FieldsProps = { draft, problem, set: (part) => onChange((before) => ({ ...before, ...part })) };
  useEffect(() => {
    // The form is long: to the first field that is wrong.
    if (error) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [error]);
  return (
    <Form ref={form} className={styles.form} onSubmit={onSave}>
      <Group title={t.basics}>
        <div className={styles.pair}>
          <TextField
            label={t.name}
            value={draft.name}
            onChange={(name) => fields.set({ name })}
            error={problem?.at("/name")}
            isRequired
          />
          <AccountSelect
            value={draft.account}
            onChange={(account) => fields.set({ account })}
            error={problem?.at("/account")}
          />
        </div>
        <Switch isSelected={draft.enabled} onChange={(enabled) => fields.set({ enabled })}>
          {t.enabled}
        </Switch>
      </Group>
      <SigningFields {...fields} isNew={isNew} />
      <MessageFields {...fields} recipe={recipe} />
      <MappingFields {...fields} declared={draft.message === "written" ? [] : declared} />
      <RecipientFields {...fields} />
      <SendingFields {...fields} />
      <ProblemNotice error={error} shownAt={SHOWN} />
      <DialogButtons>
        <Button onPress={onCancel}>{common.cancel}</Button>
        <Button kind="primary" type="submit" isPending={isPending}>
          {isNew ? t.confirm : common.save}
        </Button>
      </DialogButtons>
    </Form>
  );
}
