import { useState } from "react";
import { useTemplates, useTemplateVersions } from "../../api/templates";
import { htmlParts } from "../../editor/htmlParts";
import { useStrings } from "../../integration/context";
import { Select } from "../../ui/Select";
import { Soft } from "../../ui/layout";
import { Tabs } from "../../ui/Tabs";
import { TextField } from "../../ui/TextField";
import { Group } from "./Group";
import type { Recipe } from "./recipes";
import type { FieldsProps } from "./TriggerForm";
import styles from "./webhooks.module.css";

export function MessageFields(props: FieldsProps & { recipe: Recipe | null }) {
  const { draft, set, recipe } = props;
  const t = useStrings().webhooks.editor;
  const kinds = [...(recipe ? (["recipe"] as const) : []), "template" as const, "written" as const];
  return (
    <Group title={t.message}>
      <Select
        label={t.kind}
        options={kinds.map((id) => ({ id, label: t.kinds[id] }))}
        value={draft.message}
        onChange={(message) => set({ message })}
      />
      {draft.message === "recipe" && recipe && <Soft>{t.recipeAbout(recipe.template.name)}</Soft>}
      {draft.message === "template" && <Chosen {...props} />}
      {draft.message === "written" && <Written {...props} />}
    </Group>
  );
}

function Chosen({ draft, set, problem }: FieldsProps) {
  const t = useStrings().webhooks.editor;
  const { data = [], isPending } = useTemplates("message");
  const published = data.filter((one) => one.version !== null || one.id === draft.template);
  if (!isPending && !published.length && draft.template === null) {
    return (
      <>
        <Soft>{t.noTemplates}</Soft>
        {problem?.at("/subject") && <p className={styles.wrong}>{problem.at("/subject")}</p>}
      </>
    );
  }
  return (
    <div className={styles.pair}>
      <Select
        label={t.template}
        hint={t.templateHint}
        options={published.map(({ id, name }) => ({ id, label: name }))}
        value={draft.template}
        onChange={(template) => set({ template, version: null })}
        // Without a template, the API asks for a subject instead.
        error={problem?.at("/template") ?? problem?.at("/subject")}
      />
      {draft.template && <Version id={draft.template} value={draft.version} onChange={(version) => set({ version })} />}
    </div>
  );
}

function Version({ id, value, onChange }: { id: string; value: number | null; onChange: (n: number | null) => void }) {
  const t = useStrings().webhooks.editor;
  const { data: versions = [] } = useTemplateVersions(id);
  const numbers = new Set([...versions.map((one) => one.version), ...(value === null ? [] : [value])]);
  return (
    <Select
      label={t.version}
      options={[
        { id: "", label: t.newest },
        ...[...numbers].map((version) => ({ id: String(version), label: t.versionOf(version) })),
      ]}
      value={value === null ? "" : String(value)}
      onChange={(version) => onChange(version ? Number(version) : null)}
    />
  );
}

function Written({ draft, set, problem }: FieldsProps) {
  const t = useStrings().webhooks.editor;
  const [part, setPart] = useState("visual");
  const parts = htmlParts({
    titles: t.parts,
    source: { label: t.html, hint: t.htmlHint, rows: 8 },
    label: t.body,
    html: draft.html,
    variables: draft.variables.map(({ name }) => name.trim()).filter(Boolean),
    onChange: (html) => set({ html }),
    onSource: () => setPart("source"),
    error: problem?.at("/html"),
  });
  return (
    <>
      <TextField
        label={t.subject}
        value={draft.subject}
        onChange={(subject) => set({ subject })}
        error={problem?.at("/subject")}
      />
      <Tabs label={t.partsLabel} items={parts} selected={part} onSelect={setPart} />
      <TextField
        label={t.text}
        hint={t.textHint}
        rows={3}
        mono
        value={draft.text}
        onChange={(text) => set({ text })}
        error={problem?.at("/text")}
      />
    </>
  );
}
