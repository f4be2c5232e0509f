import { useState } from "react";
import { useArchiveTemplate, useDeleteTemplate, useDuplicateTemplate, type Template } from "../../api/templates";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { AlertDialog } from "../../ui/Dialog";
import { Menu } from "../../ui/Menu";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";

export function TemplateMenu({ template }: { template: Template }) {
  const t = useStrings().templates;
  const { navigate } = useRouting();
  const { notify, notifyProblem } = useNotices();
  const duplicate = useDuplicateTemplate();
  const archive = useArchiveTemplate();
  const [asked, setAsked] = useState(false);
  const { id, name, archived } = template;
  const put = (away: boolean) =>
    archive.mutate(
      { id, archived: away },
      {
        onSuccess: () => notify({ tone: "good", text: away ? t.archived(name) : t.unarchived(name) }),
        onError: notifyProblem,
      },
    );
  return (
    <>
      <Menu
        label={t.more(name)}
        actions={[
          { id: "open", label: t.open, onAction: () => navigate(`/templates/${id}`) },
          ...(template.version && template.kind === "message" && !archived
            ? [{ id: "send", label: t.send, onAction: () => navigate(`/compose?template=${id}`) }]
            : []),
          {
            id: "duplicate",
            label: t.duplicate,
            onAction: () =>
              duplicate.mutate(id, {
                onSuccess: (copy) => {
                  notify({ tone: "good", text: t.duplicated });
                  navigate(`/templates/${copy.id}`);
                },
                onError: notifyProblem,
              }),
          },
          archived
            ? { id: "unarchive", label: t.unarchive, onAction: () => put(false) }
            : { id: "archive", label: t.archive, onAction: () => put(true) },
          { id: "delete", label: t.remove, tone: "danger" as const, onAction: () => setAsked(true) },
        ]}
      />
      {asked && <DeleteDialog template={template} onClose={() => setAsked(false)} />}
    </>
  );
}

function DeleteDialog({ template: { id, name }, onClose }: { template: Template; onClose: () => void }) {
  const t = useStrings().templates;
  const { notify } = useNotices();
  const { mutateAsync, isPending, error } = useDeleteTemplate();
  // The row, and this with it, may be gone before it is said.
  const remove = async () => {
    await mutateAsync(id, { onSuccess: onClose });
    notify({ tone: "good", text: t.removed(name), focus: true });
  };
  return (
    <AlertDialog
      title={t.removeTitle(name)}
      onClose={onClose}
      confirm={t.remove}
      onConfirm={() => void remove().catch(() => undefined)}
      isPending={isPending}
    >
      <p>{t.removeText}</p>
      <ProblemNotice error={error} />
    </AlertDialog>
  );
}
