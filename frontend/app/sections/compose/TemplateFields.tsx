import type { Template, useNewestVersion } from "../../api/templates";
import { useStrings } from "../../integration/context";
import { EmptyState } from "../../ui/EmptyState";
import { Link } from "../../ui/Link";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Select } from "../../ui/Select";
import { Skeleton } from "../../ui/Waiting";
import { textOfValue } from "../templates/values";
import { ValueField } from "../templates/ValueField";
import type { Draft } from "./draft";
import styles from "./compose.module.css";

interface Props {
  draft: Draft;
  onChange: (part: Partial<Draft>) => void;
  templates: Template[] | null;
  version: ReturnType<typeof useNewestVersion> | null;
  error: (pointer: string) => string | undefined;
}

/** The template, and a field for each variable that it declares. */
export function TemplateFields({ draft, onChange, templates, version, error }: Props) {
  const strings = useStrings();
  const t = strings.compose;
  if (!templates) return <Skeleton lines={3} />;
  if (!templates.length) {
    return <EmptyState title={t.noTemplates} action={<Link to="/templates/new">{strings.templates.create}</Link>} />;
  }
  const variables = version?.data?.variables ?? null;
  return (
    <>
      <Select
        label={t.template}
        placeholder={t.chooseTemplate}
        options={templates.map(({ id, name }) => ({ id, label: name }))}
        value={draft.template}
        onChange={(template) => onChange({ template })}
        error={error("/template/id")}
      />
      <ProblemNotice error={version?.error} onRetry={() => void version?.refetch()} />
      {draft.template && !variables && !version?.error && <Skeleton lines={3} />}
      {variables && (
        <fieldset className={styles["variables"]}>
          <legend>{t.variables}</legend>
          {!variables.length && <p>{t.noVariables}</p>}
          {variables.map(({ key, type, required, fallback }) => {
            const instead = textOfValue(fallback);
            return (
              <ValueField
                key={key}
                type={type ?? "string"}
                label={key}
                value={draft.values[key] ?? ""}
                onChange={(text) => onChange({ values: { ...draft.values, [key]: text } })}
                hint={instead ? t.variable.fallback(instead) : required === false ? t.variable.optional : undefined}
                error={error(`/template/variables/${key}`)}
              />
            );
          })}
        </fieldset>
      )}
    </>
  );
}
