import { useState } from "react";
import { useTemplates, type Template } from "../../api/templates";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { Line, SectionHeader, Stack } from "../../ui/layout";
import { Link } from "../../ui/Link";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Select } from "../../ui/Select";
import { Table } from "../../ui/Table";
import { Skeleton } from "../../ui/Waiting";
import { When } from "../../ui/When";
import { TemplateMenu } from "./TemplateMenu";

type Shown = "message" | "layout" | "archived";

export function TemplateList() {
  const t = useStrings().templates;
  const { navigate } = useRouting();
  const [shown, setShown] = useState<Shown>("message");
  const { data, error, refetch } = useTemplates(shown === "archived" ? null : shown, shown === "archived");
  const empty = {
    message: <EmptyState title={t.empty}>{t.emptyNext}</EmptyState>,
    layout: <EmptyState title={t.emptyLayouts}>{t.emptyLayoutsNext}</EmptyState>,
    archived: <EmptyState title={t.emptyArchived} />,
  }[shown];
  return (
    <div aria-busy={!data && !error}>
      <SectionHeader title={t.title} lead={t.lead}>
        <Button onPress={() => navigate("/templates/new-layout")}>{t.createLayout}</Button>
        <Button kind="primary" onPress={() => navigate("/templates/new")}>
          {t.create}
        </Button>
      </SectionHeader>
      <Stack>
        <Line>
          <Select
            label={t.shown}
            hideLabel
            options={(["message", "layout", "archived"] as const).map((id) => ({ id, label: t.kinds[id] }))}
            value={shown}
            onChange={setShown}
          />
        </Line>
        <ProblemNotice error={error} onRetry={() => void refetch()} />
        {!data && !error && <Skeleton lines={4} />}
        {data && !data.length && empty}
        {data && data.length > 0 && <Rows templates={data} />}
      </Stack>
    </div>
  );
}

function Rows({ templates }: { templates: Template[] }) {
  const t = useStrings().templates;
  return (
    <Table
      label={t.title}
      rows={templates}
      rowId={(row) => row.id}
      rowText={(row) => row.name}
      columns={[
        {
          id: "name",
          title: t.columns.name,
          isRowHeader: true,
          cell: (row) => <Link to={`/templates/${row.id}`}>{row.name}</Link>,
        },
        { id: "status", title: t.columns.status, cell: (row) => <TemplateStatus template={row} /> },
        { id: "version", title: t.columns.version, cell: (row) => (row.version ? t.version(row.version) : t.none) },
        { id: "updated", title: t.columns.updated, cell: (row) => <When at={row.updated_at} /> },
        { id: "actions", title: t.columns.actions, align: "end", cell: (row) => <TemplateMenu template={row} /> },
      ]}
    />
  );
}

export function TemplateStatus({ template }: { template: Template }) {
  const t = useStrings().templates.status;
  return (
    <Line>
      <Badge tone={template.status === "published" ? "good" : "calm"}>{t[template.status]}</Badge>
      {template.edited && template.version && <Badge tone="warn">{t.edited}</Badge>}
      {template.archived && <Badge>{t.archived}</Badge>}
    </Line>
  );
}
