import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { ChipsField } from "../../ui/ChipsField";
import { Line, Soft } from "../../ui/layout";
import { Select } from "../../ui/Select";
import { TextField } from "../../ui/TextField";
import { readsAddresses, RECIPIENTS, type Recipient, type RecipientField } from "./draft";
import { Group } from "./Group";
import type { FieldsProps } from "./TriggerForm";
import styles from "./webhooks.module.css";

/** Who gets it, and which addresses a payload may give. */
export function RecipientFields(props: FieldsProps) {
  const { draft, set, problem } = props;
  const t = useStrings().webhooks.editor;
  const needsDomains = readsAddresses(draft) || draft.domains.length > 0;
  return (
    <Group title={t.recipients}>
      {RECIPIENTS.map((field) => (
        <Rows key={field} field={field} {...props} />
      ))}
      {problem?.errors["/mapping/to"] && (
        <p role="alert" className={styles.wrong}>
          {problem.errors["/mapping/to"]}
        </p>
      )}
      <Line>
        {RECIPIENTS.map((field) => (
          <Button
            key={field}
            size="small"
            onPress={() => set({ [field]: [...draft[field], { from: "fixed", value: "" }] })}
          >
            {t.add[field]}
          </Button>
        ))}
      </Line>
      {needsDomains && (
        <>
          <Soft>{t.domainsLead}</Soft>
          <ChipsField
            label={t.domains}
            hint={t.domainsHint}
            value={draft.domains}
            onChange={(domains) => set({ domains })}
            error={problem?.at("/allowed_domains")}
          />
          {draft.domains.includes("*") && <p className={styles.problem}>{t.anyDomain}</p>}
        </>
      )}
    </Group>
  );
}

function Rows({ field, draft, set, problem }: FieldsProps & { field: RecipientField }) {
  const t = useStrings().webhooks.editor;
  const people = draft[field];
  const change = (index: number, one: Recipient) => set({ [field]: [...people].with(index, one) });
  return people.map((one, index) => {
    const label = t.value(t.fields[field], index + 1);
    return (
      <div key={index} className={styles.recipient}>
        <Select
          label={t.source(label)}
          options={[
            { id: "fixed", label: t.fixed },
            { id: "payload", label: t.fromPayload },
          ]}
          value={one.from}
          onChange={(from) => change(index, { ...one, from })}
        />
        <TextField
          label={label}
          placeholder={one.from === "fixed" ? "grace@example.com" : "customer.email"}
          mono={one.from === "payload"}
          value={one.value}
          onChange={(value) => change(index, { ...one, value })}
          error={problem?.at(`/mapping/${field}/${index}`)}
        />
        <Button
          kind="plain"
          aria-label={t.removeRecipient(label)}
          onPress={() => set({ [field]: [...people].toSpliced(index, 1) })}
        >
          ✕
        </Button>
      </div>
    );
  });
}
