import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTemplateVersions, type Template, type TemplateVersion } from "../../api/templates";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { Line, Stack } from "../../ui/layout";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Select } from "../../ui/Select";
import { Skeleton } from "../../ui/Waiting";
import { draftOfVersion, type Draft } from "./draft";
import styles from "./templates.module.css";

interface Props {
  template: Template;
  draft: Draft;
  onRestore: (draft: Draft) => void;
}

const DRAFT = "draft";

/** What was published, and how it differs from the draft or from another version. */
export function Versions({ template, draft, onRestore }: Props) {
  const t = useStrings().templates;
  const { brief } = useFormat();
  const { notify } = useNotices();
  const { data, error, refetch } = useTemplateVersions(template.id);
  const [older, setOlder] = useState<string | null>(null);
  const [newer, setNewer] = useState<string>(DRAFT);
  if (!data) return error ? <ProblemNotice error={error} onRetry={() => void refetch()} /> : <Skeleton lines={4} />;
  const options = data.map((one) => ({
    id: String(one.version),
    label: `${t.version(one.version)} · ${brief(one.published_at)}`,
  }));
  const find = (id: string) => data.find((one) => String(one.version) === id);
  const base = find(older ?? options[0]?.id ?? "");
  const other = newer === DRAFT ? draft : find(newer);
  if (!base || !other) return <p>{t.noVersions}</p>;
  return (
    <Stack>
      <div className={styles["compare"]}>
        <Select label={t.compare} options={options} value={String(base.version)} onChange={setOlder} />
        <Select
          label={t.with}
          options={[{ id: DRAFT, label: t.draft }, ...options]}
          value={newer}
          onChange={setNewer}
        />
      </div>
      <Difference before={fieldsOf(base)} after={fieldsOf(other)} />
      <Line>
        <Button
          onPress={() => {
            onRestore(draftOfVersion(base, draft));
            notify({ tone: "calm", text: t.restored(base.version) });
          }}
        >
          {t.restore}
        </Button>
      </Line>
    </Stack>
  );
}

type Fields = Record<"subject" | "preheader" | "html" | "text" | "variables", string>;

function fieldsOf({ subject, preheader, html, text, variables }: Draft | TemplateVersion): Fields {
  const lines = variables.map(({ key, type, required, fallback, sample }) => {
    const more = { fallback: shown(fallback), sample: shown(sample) };
    return `${key}: ${type ?? "string"}${required === false ? "" : " required"} ${JSON.stringify(more)}`;
  });
  return {
    subject,
    preheader,
    html: html.replace(/(<\/(?:p|h\d|li|tr|ul|ol|table|div|blockquote)>)(?=.)/g, "$1\n"),
    text: text ?? "",
    variables: lines.join("\n"),
  };
}

function shown(value: unknown): string {
  return value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
}

function Difference({ before, after }: { before: Fields; after: Fields }) {
  const t = useStrings().templates;
  const { data } = useQuery({
    queryKey: ["diff", before, after],
    gcTime: 0,
    queryFn: async () => {
      const { diffWordsWithSpace } = await import("diff");
      const names = (Object.keys(before) as (keyof Fields)[]).filter((name) => before[name] !== after[name]);
      return names.map((name) => ({ name, parts: diffWordsWithSpace(before[name], after[name]) }));
    },
  });
  if (!data) return <Skeleton lines={3} />;
  if (!data.length) return <p>{t.same}</p>;
  return data.map(({ name, parts }) => (
    <section key={name} aria-label={t.fields[name]}>
      <h3 className={styles["caption"]}>{t.fields[name]}</h3>
      <pre className={styles["diff"]}>
        {parts.map(({ value, added, removed }, index) =>
          added ? (
            <ins key={index}>{value}</ins>
          ) : removed ? (
            <del key={index}>{value}</del>
          ) : (
            <span key={index}>{value}</span>
          ),
        )}
      </pre>
    </section>
  ));
}
