import { useTriggers, type Trigger } from "../../api/triggers";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { Card, SectionHeader, Soft, Stack } from "../../ui/layout";
import { Link } from "../../ui/Link";
import { Menu } from "../../ui/Menu";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Skeleton } from "../../ui/Waiting";
import { HealthBadge, HealthText } from "./Health";
import { RECIPE_IDS } from "./recipes";
import styles from "./webhooks.module.css";

export function TriggerList() {
  const t = useStrings().webhooks;
  const { navigate } = useRouting();
  const { data: triggers, error, isPending, refetch } = useTriggers();
  const some = Boolean(triggers?.length);
  return (
    <div aria-busy={isPending}>
      <SectionHeader title={t.title} lead={t.lead}>
        {some && (
          <Menu
            label={t.create}
            kind="primary"
            actions={[
              { id: "blank", label: t.blank, onAction: () => navigate("/webhooks/new") },
              ...RECIPE_IDS.map((id) => ({
                id,
                label: t.recipes[id].title,
                onAction: () => navigate(`/webhooks/new/${id}`),
              })),
            ]}
          >
            {t.create}
          </Menu>
        )}
      </SectionHeader>
      <Stack>
        <ProblemNotice error={error} onRetry={() => void refetch()} />
        {isPending && <Skeleton lines={4} />}
        {triggers && !some && <Beginnings />}
        {triggers?.map((trigger) => (
          <TriggerCard key={trigger.id} trigger={trigger} />
        ))}
      </Stack>
    </div>
  );
}

/** Where there is none yet: what it could be. */
function Beginnings() {
  const t = useStrings().webhooks;
  const { navigate } = useRouting();
  return (
    <>
      <EmptyState title={t.empty}>{t.emptyNext}</EmptyState>
      <ul className={styles.choices}>
        {RECIPE_IDS.map((id) => (
          <li key={id} className={styles.choice}>
            <h3>{t.recipes[id].title}</h3>
            <Soft>{t.recipes[id].about}</Soft>
            <Button
              aria-label={`${t.startWith}: ${t.recipes[id].title}`}
              onPress={() => navigate(`/webhooks/new/${id}`)}
            >
              {t.startWith}
            </Button>
          </li>
        ))}
        <li className={styles.choice}>
          <h3>{t.blank}</h3>
          <Soft>{t.blankAbout}</Soft>
          <Button kind="primary" aria-label={`${t.startWith}: ${t.blank}`} onPress={() => navigate("/webhooks/new")}>
            {t.startWith}
          </Button>
        </li>
      </ul>
    </>
  );
}

function TriggerCard({ trigger }: { trigger: Trigger }) {
  const t = useStrings().webhooks;
  const { time } = useFormat();
  return (
    <Card label={trigger.name}>
      <div className={styles.title}>
        <h3>
          <Link to={`/webhooks/${trigger.id}`}>{trigger.name}</Link>
        </h3>
        <HealthBadge trigger={trigger} />
      </div>
      <Soft>{`${t.schemes[trigger.scheme]} · ${t.made(time(trigger.created_at))}`}</Soft>
      <HealthText trigger={trigger} />
    </Card>
  );
}
