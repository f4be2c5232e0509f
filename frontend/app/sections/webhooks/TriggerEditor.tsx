import { useEffect, useRef, useState } from "react";
import { useReplaceTrigger, useTrigger, type Trigger } from "../../api/triggers";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { useOwner, useUnsaved, type Owner } from "../../integration/unsaved";
import { SectionHeader, Stack } from "../../ui/layout";
import { Link } from "../../ui/Link";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Skeleton } from "../../ui/Waiting";
import { draftOf, EMPTY, KEPT, requestOf } from "./draft";
import { draftOfRecipe, RECIPE_IDS, RECIPES } from "./recipes";
import { SecretDialog } from "./SecretDialog";
import { TriggerForm } from "./TriggerForm";
import { useMakeTrigger } from "./useMakeTrigger";
import styles from "./webhooks.module.css";

/** Makes a trigger: an empty one, or one of a recipe at /webhooks/new/{recipe}. */
export function NewTrigger() {
  const t = useStrings().webhooks;
  const owner = useOwner();
  return (
    <div aria-busy={!owner}>
      <p className={styles.back}>
        <Link to="/webhooks">‹ {t.back}</Link>
      </p>
      <SectionHeader title={t.editor.create} />
      {owner ? <Making owner={owner} /> : <Skeleton lines={6} />}
    </div>
  );
}

function Making({ owner }: { owner: Owner }) {
  const t = useStrings().webhooks;
  const { route, navigate } = useRouting();
  const { notify } = useNotices();
  const recipe = RECIPE_IDS.find((id) => id === route.rest[1]);
  const [start] = useState(() => (recipe ? draftOfRecipe(recipe) : EMPTY));
  const unsaved = useUnsaved(`trigger new ${recipe ?? ""}`, owner, start, KEPT);
  const { draft, setDraft, forget } = unsaved;
  useSayRestored(unsaved.restored);
  const [made, setMade] = useState<Trigger | null>(null);
  const { mutateAsync, isPending, error } = useMakeTrigger(recipe ? RECIPES[recipe] : null, setDraft);
  const finish = (trigger: Trigger) => {
    navigate(`/webhooks/${trigger.id}`, { replace: true });
    notify({ tone: "good", text: t.editor.made, focus: true });
  };
  const save = async () => {
    const trigger = await mutateAsync(draft);
    forget();
    if (trigger.secrets[0]?.secret) setMade(trigger);
    else finish(trigger);
  };
  return (
    <>
      <TriggerForm
        draft={draft}
        onChange={setDraft}
        recipe={recipe ? RECIPES[recipe] : null}
        isNew
        onSave={save}
        onCancel={() => {
          forget();
          navigate("/webhooks");
        }}
        isPending={isPending}
        error={error}
      />
      {made && <SecretDialog trigger={made} onClose={() => finish(made)} />}
    </>
  );
}

export function EditTrigger({ id }: { id: string }) {
  const t = useStrings().webhooks;
  const { data: trigger, error, isPending, refetch } = useTrigger(id);
  const owner = useOwner();
  const waits = isPending || !owner;
  return (
    <div aria-busy={waits}>
      <p className={styles.back}>
        <Link to={`/webhooks/${id}`}>‹ {trigger?.name ?? t.back}</Link>
      </p>
      <SectionHeader title={t.editor.edit(trigger?.name ?? "")} />
      <Stack>
        <ProblemNotice error={error} onRetry={() => void refetch()} />
        {waits && <Skeleton lines={6} />}
        {trigger && owner && <Editing trigger={trigger} owner={owner} />}
      </Stack>
    </div>
  );
}

function Editing({ trigger, owner }: { trigger: Trigger; owner: Owner }) {
  const t = useStrings().webhooks.editor;
  const { navigate } = useRouting();
  const { notify } = useNotices();
  const { draft, setDraft, restored, forget } = useUnsaved(`trigger ${trigger.id}`, owner, draftOf(trigger), KEPT);
  useSayRestored(restored);
  const { mutateAsync, isPending, error } = useReplaceTrigger(trigger.id);
  const save = async () => {
    await mutateAsync(requestOf(draft));
    forget();
    navigate(`/webhooks/${trigger.id}`);
    notify({ tone: "good", text: t.saved, focus: true });
  };
  return (
    <TriggerForm
      draft={draft}
      onChange={setDraft}
      recipe={null}
      isNew={false}
      onSave={save}
      onCancel={() => {
        forget();
        navigate(`/webhooks/${trigger.id}`);
      }}
      isPending={isPending}
      error={error}
    />
  );
}

function useSayRestored(restored: boolean): void {
  const t = useStrings().webhooks.editor;
  const { notify } = useNotices();
  const told = useRef(!restored);
  useEffect(() => {
    if (told.current) return;
    told.current = true;
    notify({ tone: "calm", text: t.restored });
  }, [notify, t]);
}
