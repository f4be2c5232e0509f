import { useState } from "react";
import { useReplaceTrigger, useTrigger, type Trigger } from "../../api/triggers";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { useShowOnce } from "../../integration/shownOnce";
import { useAskBeforeLeaving, useOwner, useTellUnsaved, useUnsaved, type Owner } from "../../integration/unsaved";
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

const placeOf = (id: string) => `trigger ${id}`;

/** Makes a trigger: an empty one, or one of a recipe at /webhooks/new/{recipe}. */
export function NewTrigger() {
  const t = useStrings().webhooks;
  const { route } = useRouting();
  const recipe = RECIPE_IDS.find((id) => id === route.rest[1]);
  const place = placeOf(`new ${recipe ?? ""}`);
  const owner = useOwner(place);
  return (
    <div aria-busy={!owner}>
      <p className={styles.back}>
        <Link to="/webhooks">‹ {t.back}</Link>
      </p>
      <SectionHeader title={t.editor.create} />
      {owner ? <Making place={place} recipe={recipe} owner={owner} /> : <Skeleton lines={6} />}
    </div>
  );
}

interface MakingProps {
  place: string;
  recipe: (typeof RECIPE_IDS)[number] | undefined;
  owner: Owner;
}

function Making({ place, recipe, owner }: MakingProps) {
  const t = useStrings().webhooks;
  const { navigate } = useRouting();
  const { notify } = useNotices();
  const [start] = useState(() => (recipe ? draftOfRecipe(recipe) : EMPTY));
  const unsaved = useUnsaved(place, owner, start, KEPT);
  const { draft, setDraft, forget } = unsaved;
  useTellUnsaved(unsaved, t.editor.restored);
  const showOnce = useShowOnce();
  const { mutateAsync, isPending, error } = useMakeTrigger(recipe ? RECIPES[recipe] : null, (part) =>
    setDraft((before) => ({ ...before, ...part })),
  );
  useAskBeforeLeaving(isPending);
  const save = async () => {
    const { trigger } = await unsaved.save(async (sent) => {
      const made = await mutateAsync(sent, { onSuccess: ({ id }) => navigate(`/webhooks/${id}`, { replace: true }) });
      return { trigger: made, saved: draftOf(made), place: placeOf(made.id) };
    });
    const say = () => notify({ tone: "good", text: t.editor.made, focus: true });
    if (!trigger.secrets[0]?.secret) say();
    else
      showOnce((close) => (
        <SecretDialog
          trigger={trigger}
          onClose={() => {
            close();
            say();
          }}
        />
      ));
  };
  return (
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
  );
}

export function EditTrigger({ id }: { id: string }) {
  const t = useStrings().webhooks;
  const { data: trigger, error, isPending, refetch } = useTrigger(id);
  const owner = useOwner(placeOf(id));
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
  const unsaved = useUnsaved(placeOf(trigger.id), owner, draftOf(trigger), KEPT);
  const { draft, setDraft, forget } = unsaved;
  useTellUnsaved(unsaved, t.restored);
  const { mutateAsync, isPending, error } = useReplaceTrigger(trigger.id);
  const save = async () => {
    await unsaved.save(async (sent) => {
      const saved = await mutateAsync(requestOf(sent), { onSuccess: () => navigate(`/webhooks/${trigger.id}`) });
      return { saved: draftOf(saved), place: placeOf(trigger.id) };
    });
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
