import { useState } from "react";
import { useCreateEndpoint, useReplaceEndpoint, type Endpoint, type EndpointRequest } from "../../api/endpoints";
import { ApiProblem } from "../../api/problem";
import { useStrings } from "../../integration/context";
import { useRouting } from "../../integration/routing";
import { useShowOnce } from "../../integration/shownOnce";
import { useAskBeforeLeaving } from "../../integration/unsaved";
import { Button } from "../../ui/Button";
import { CheckboxGroup } from "../../ui/CheckboxGroup";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { Form } from "../../ui/Form";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { TextField } from "../../ui/TextField";
import { Switch } from "../../ui/Checkbox";
import { Soft } from "../../ui/layout";
import { SecretDialog } from "./SecretDialog";
import { EVENT_TYPES } from "./types";
import styles from "./events.module.css";

/** Makes an endpoint. It stays until the answer is there: that has the secret, this once. */
export function EndpointDialog({ onClose }: { onClose: () => void }) {
  const t = useStrings().events.creating;
  const { navigate } = useRouting();
  const { notify } = useNotices();
  const showOnce = useShowOnce();
  const { mutateAsync, isPending, error } = useCreateEndpoint();
  useAskBeforeLeaving(isPending);
  const create = async (request: EndpointRequest) => {
    const made = await mutateAsync(request, { onSuccess: ({ id }) => navigate(`/events/${id}`) });
    showOnce((close) => (
      <SecretDialog
        endpoint={made}
        onClose={() => {
          close();
          notify({ tone: "good", text: t.done, focus: true });
        }}
      />
    ));
  };
  return (
    <Dialog title={t.title} onClose={onClose} stays={isPending}>
      <EndpointForm
        confirm={t.confirm}
        onSave={create}
        onClose={onClose}
        isPending={isPending}
        stays={isPending}
        error={error}
      />
    </Dialog>
  );
}

export function EditDialog({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const { common, events } = useStrings();
  const { notify } = useNotices();
  const { mutateAsync, isPending, error } = useReplaceEndpoint(endpoint.id);
  const save = async (request: EndpointRequest) => {
    await mutateAsync({ ...request, enabled: endpoint.enabled }, { onSuccess: onClose });
    notify({ tone: "good", text: events.editing.saved });
  };
  return (
    <Dialog title={events.editing.title} onClose={onClose}>
      <EndpointForm
        start={endpoint}
        confirm={common.save}
        onSave={save}
        onClose={onClose}
        isPending={isPending}
        error={error}
      />
    </Dialog>
  );
}

interface FormProps {
  start?: Endpoint;
  confirm: string;
  onSave: (request: EndpointRequest) => Promise<unknown>;
  onClose: () => void;
  isPending: boolean;
  /** Whether it can't be left now. */
  stays?: boolean;
  error: unknown;
}

function EndpointForm({ start, confirm, onSave, onClose, isPending, stays = false, error }: FormProps) {
  const { common, events: t } = useStrings();
  const [url, setUrl] = useState(start?.url ?? "");
  const [all, setAll] = useState(start ? start.events.includes("*") : true);
  const [chosen, setChosen] = useState(EVENT_TYPES.filter((type) => start?.events.includes(type)));
  const [isChecked, setChecked] = useState(false);
  const problem = error instanceof ApiProblem ? error : null;
  const nothing = !all && chosen.length === 0;
  return (
    <Form
      className={styles.form}
      onSubmit={() => {
        setChecked(true);
        return nothing ? undefined : onSave({ url: url.trim(), events: all ? ["*"] : chosen });
      }}
    >
      <TextField
        label={t.url}
        hint={t.urlHint}
        type="url"
        value={url}
        onChange={setUrl}
        error={problem?.at("/url")}
        isRequired
      />
      <div>
        <Switch isSelected={all} onChange={setAll}>
          {t.all}
        </Switch>
        {all && <Soft>{t.allHint}</Soft>}
      </div>
      {!all && (
        <CheckboxGroup
          label={t.kinds}
          options={EVENT_TYPES.map((id) => ({ id, label: id, hint: t.types[id] }))}
          value={chosen}
          onChange={setChosen}
          error={isChecked && nothing ? t.kindsMissing : problem?.at("/events")}
        />
      )}
      <ProblemNotice error={error} shownAt={["/url", "/events"]} />
      <DialogButtons>
        <Button onPress={onClose} isDisabled={stays}>
          {common.cancel}
        </Button>
        <Button kind="primary" type="submit" isPending={isPending}>
          {confirm}
        </Button>
      </DialogButtons>
    </Form>
  );
}
