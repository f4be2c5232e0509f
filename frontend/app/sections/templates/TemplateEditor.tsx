import { useState } from "react";
import { useTemplate, type Template } from "../../api/templates";
import { ApiProblem } from "../../api/problem";
import { htmlParts } from "../../editor/htmlParts";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { useOwner, type Owner } from "../../integration/unsaved";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { SectionHeader, Stack } from "../../ui/layout";
import { Link } from "../../ui/Link";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Tabs } from "../../ui/Tabs";
import { TextField } from "../../ui/TextField";
import { Skeleton } from "../../ui/Waiting";
import { HeadFields } from "./HeadFields";
import { Preview } from "./Preview";
import { TemplateStatus } from "./TemplateList";
import { TestSend } from "./TestSend";
import { placeOf, useDraft } from "./useDraft";
import { VariablesEditor } from "./VariablesEditor";
import { Versions } from "./Versions";
import styles from "./templates.module.css";

interface Props {
  /** Null for a new one. */
  id: string | null;
  kind: Template["kind"];
  onCreated: (id: string) => void;
}

export function TemplateEditor({ id, kind, onCreated }: Props) {
  const { data, error, refetch } = useTemplate(id);
  const owner = useOwner(placeOf(id ?? kind));
  if (!owner || (id && !data)) {
    return (
      <Stack>
        <ProblemNotice error={error} onRetry={() => void refetch()} />
        {!error && <Skeleton lines={8} />}
      </Stack>
    );
  }
  return <Editor template={data ?? null} kind={data?.kind ?? kind} owner={owner} onCreated={onCreated} />;
}

/** Fields whose errors stand beside them. */
const SHOWN = ["/name", "/subject", "/preheader", "/html", "/text", "/variables"];

function Editor({ template, kind, owner, onCreated }: Omit<Props, "id"> & { template: Template | null; owner: Owner }) {
  const t = useStrings().templates;
  const { navigate } = useRouting();
  const { notify } = useNotices();
  const state = useDraft(template, kind, owner, ({ id }) => {
    onCreated(id);
    navigate(`/templates/${id}`, { replace: true });
  });
  const { draft, change, error } = state;
  const [part, setPart] = useState("visual");
  const [testing, setTesting] = useState(false);
  const wrong = (pointer: string): string | undefined => {
    const refused = error instanceof ApiProblem ? error.at(pointer) : undefined;
    return (
      refused ?? state.problems.find((one) => one.pointer === pointer || one.pointer.startsWith(`${pointer}/`))?.detail
    );
  };
  // What is refused is shown by `error`.
  const save = () =>
    state.save().then(
      () => notify({ tone: "good", text: t.saved }),
      () => undefined,
    );
  const publish = () =>
    state.publish().then(
      ({ version }) => notify({ tone: "good", text: t.published(version ?? 1) }),
      () => undefined,
    );
  const press = (run: () => Promise<void>) => {
    if (state.doing === "nothing") void run();
  };
  const parts = [
    ...htmlParts({
      titles: t.parts,
      source: { label: t.source, hint: t.sourceHint, rows: 18 },
      label: t.body,
      html: draft.html,
      variables: [
        ...draft.variables.map(({ key }) => key).filter(Boolean),
        ...(draft.kind === "layout" ? ["content"] : []),
        "unsubscribe_url",
      ],
      onChange: (html) => change({ html }),
      onSource: () => setPart("source"),
      error: wrong("/html"),
    }),
    ...(draft.kind === "layout"
      ? []
      : [
          {
            id: "text",
            title: t.parts.text,
            content: (
              <TextField
                label={t.text}
                hint={t.textHint}
                mono
                rows={12}
                value={draft.text}
                onChange={(text) => change({ text })}
                error={wrong("/text")}
              />
            ),
          },
        ]),
    {
      id: "variables",
      title: t.parts.variables,
      content: (
        <VariablesEditor variables={draft.variables} onChange={(variables) => change({ variables })} error={wrong} />
      ),
    },
    ...(template?.version
      ? [
          {
            id: "versions",
            title: t.parts.versions,
            content: <Versions template={template} draft={draft} onRestore={change} />,
          },
        ]
      : []),
  ];
  return (
    <div>
      <p className={styles["back"]}>
        <Link to="/templates">{`‹ ${t.back}`}</Link>
      </p>
      <SectionHeader title={draft.name || (draft.kind === "layout" ? t.createLayout : t.create)}>
        {template && <TemplateStatus template={template} />}
        {state.dirty && <Badge tone="warn">{t.unsaved}</Badge>}
      </SectionHeader>
      <Stack>
        <HeadFields draft={draft} onChange={change} error={wrong} own={template?.id ?? null} />
        <Tabs label={t.partsLabel} items={parts} selected={part} onSelect={setPart} />
        <ProblemNotice error={error} shownAt={SHOWN} />
        <Problems problems={state.problems} />
        <div className={styles["bar"]}>
          {state.dirty && (
            <Button
              kind="plain"
              onPress={() => {
                state.discard();
                notify({ tone: "calm", text: t.discarded });
              }}
            >
              {t.discard}
            </Button>
          )}
          {draft.kind === "message" && <Button onPress={() => setTesting(true)}>{t.test}</Button>}
          <Button onPress={() => press(save)} isPending={state.doing === "saving"}>
            {t.save}
          </Button>
          <Button kind="primary" onPress={() => press(publish)} isPending={state.doing === "publishing"}>
            {t.publish}
          </Button>
        </div>
        <Preview request={state.request} />
      </Stack>
      {testing && <TestSend request={state.request} onClose={() => setTesting(false)} />}
    </div>
  );
}

function Problems({ problems }: { problems: { pointer: string; detail: string }[] }) {
  const t = useStrings().templates;
  if (!problems.length) return null;
  return (
    <section className={styles["notes"]} data-tone="warn" aria-label={t.problems}>
      <h3>{t.problems}</h3>
      <ul>
        {problems.map(({ pointer, detail }) => (
          <li key={pointer + detail}>
            <code>{pointer}</code> {detail}
          </li>
        ))}
      </ul>
    </section>
  );
}
