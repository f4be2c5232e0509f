import type { TriggerScheme } from "../../api/triggers";
import { useStrings } from "../../integration/context";
import { Select } from "../../ui/Select";
import { TextField } from "../../ui/TextField";
import type { HmacDraft } from "./draft";
import { Group } from "./Group";
import type { FieldsProps } from "./TriggerForm";
import styles from "./webhooks.module.css";

const SCHEMES: readonly TriggerScheme[] = ["standard-webhooks", "stripe", "github", "shopify", "hmac"];

export function SigningFields(props: FieldsProps & { isNew: boolean }) {
  const { draft, set, problem, isNew } = props;
  const { webhooks } = useStrings();
  const t = webhooks.editor;
  return (
    <Group title={t.signing}>
      <Select
        label={t.scheme}
        hint={t.schemeHelp[draft.scheme]}
        options={SCHEMES.map((id) => ({ id, label: webhooks.schemes[id] }))}
        value={draft.scheme}
        onChange={(scheme) => set({ scheme })}
        error={problem?.at("/scheme")}
      />
      {draft.scheme === "hmac" && <Rules {...props} />}
      {isNew && (
        <TextField
          label={t.secret}
          hint={t.secretHint}
          mono
          autoComplete="off"
          value={draft.secret}
          onChange={(secret) => set({ secret })}
          error={problem?.at("/secrets")}
        />
      )}
      <TextField
        label={t.filter}
        hint={t.filterHint}
        placeholder={t.filterExample}
        mono
        value={draft.filter}
        onChange={(filter) => set({ filter })}
        error={problem?.at("/filter")}
      />
    </Group>
  );
}

function Rules({ draft: { hmac }, set, problem }: FieldsProps) {
  const t = useStrings().webhooks.editor;
  const field = (name: keyof HmacDraft) => ({
    value: hmac[name],
    onChange: (value: string) => set({ hmac: { ...hmac, [name]: value } }),
    error: problem?.at(`/hmac/${name}`),
  });
  return (
    <div className={styles.fields}>
      <TextField label={t.header} mono {...field("header")} />
      <TextField label={t.prefix} hint={t.prefixHint} mono {...field("prefix")} />
      <Select label={t.algorithm} options={named("sha256", "sha512")} {...field("algorithm")} />
      <Select label={t.encoding} options={named("hex", "base64")} {...field("encoding")} />
      <TextField label={t.idHeader} hint={t.idHeaderHint} mono {...field("id_header")} />
      <TextField label={t.timestampHeader} hint={t.timestampHeaderHint} mono {...field("timestamp_header")} />
    </div>
  );
}

function named(...ids: string[]) {
  return ids.map((id) => ({ id, label: id }));
}
