import { useState } from "react";
import {
  useCreateEndpoint,
  useReplaceEndpoint,
  type Endpoint,
  type EndpointRequest,
  type NewEndpoint,
} from "../../api/endpoints";
import { ApiProblem } from "../../api/problem";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { CheckboxGroup } from "../../ui/CheckboxGroup";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { Form } from "../../ui/Form";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { TextField } from "../../ui/TextField";
import { Switch } from "../../ui/Checkbox";
import { Soft } from "../../ui/layout";
import { EVENT_TYPES } from "./types";
import styles from "./events.module.css";

interface Props {
  isOpen: boolean;
  onClose: () => void;
  onMade: (endpoint: NewEndpoint) => void;
}

/** Makes an endpoint. */
export function EndpointDialog({ isOpen, onClose, onMade }: Props) {
  const t = useStrings().events.creating;
  const { mutateAsync, isPending, error } = useCreateEndpoint();
  return (
    <Dialog title={t.title} isOpen={isOpen} onClose={onClose}>
      <EndpointForm
        confirm={t.confirm}
        onSave={(request) => mutateAsync(request).then(onMade)}
        onClose={onClose}
        isPending={isPending}
        error={error}
      />
    </Dialog>
  );
}

export function EditDialog({ endpoint, isOpen, onClose }: Omit<Props, "onMade"> & { endpoint: Endpoint }) {
  const { common, events } = useStrings();
  const { notify } = useNotices();
  const { mutateAsync, isPending, error } = useReplaceEndpoint(endpoint.id);
  const save = async (request: EndpointRequest) => {
    await mutateAsync({ ...request, enabled: endpoint.enabled });
    notify({ tone: "good", text: events.editing.saved });
    onClose();
  };
  return (
    <Dialog title={events.editing.title} isOpen={isOpen} onClose={onClose}>
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
  error: unknown;
}

function EndpointForm({ start, confirm, onSave, onClose, isPending, error }: FormProps) {
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
        <Button onPress={onClose}>{common.cancel}</Button>
        <Button kind="primary" type="submit" isPending={isPending}>
          {confirm}
        </Button>
      </DialogButtons>
    </Form>
  );
}
