import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useAccounts, useSend } from "../../api/accounts";
import { answer } from "../../api/client";
import { ApiProblem } from "../../api/problem";
import { previewOf, type TemplateRequest } from "../../api/templates";
import { useIntegration } from "../../integration/context";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { Form } from "../../ui/Form";
import { useNotices } from "../../ui/notices";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { TextField } from "../../ui/TextField";
import styles from "./templates.module.css";

interface Props {
  request: TemplateRequest;
  onClose: () => void;
}

/** Sends the draft as it is, filled in with its samples, without publishing it. */
export function TestSend({ onClose, request }: Props) {
  const t = useIntegration().strings.templates;
  return (
    <Dialog title={t.testTitle} onClose={onClose}>
      <TestForm request={request} onClose={onClose} />
    </Dialog>
  );
}

function TestForm({ request, onClose }: Props) {
  const { api, strings } = useIntegration();
  const t = strings.templates;
  const { notify } = useNotices();
  const accounts = useAccounts().data ?? [];
  const own = accounts.find((one) => one.is_default) ?? accounts[0];
  const [typed, setTyped] = useState<string | null>(null);
  const to = typed ?? own?.email ?? "";
  const { mutateAsync: send } = useSend();
  const test = useMutation({
    mutationFn: async () => {
      const { subject, html, text } = await answer(
        api.POST("/api/gmail/templates/preview/", { body: previewOf(request) }),
      );
      return send({ to: [to.trim()], subject, html, text });
    },
    onSuccess: (receipt) => {
      const sent = "status" in receipt && receipt.status === "sent";
      notify({ tone: sent ? "good" : "warn", text: sent ? t.testSent(to) : t.testAccepted(to) });
    },
  });
  return (
    <Form className={styles["form"]} onSubmit={() => test.mutateAsync(undefined, { onSuccess: onClose })}>
      <TextField
        label={t.testTo}
        hint={t.testHint}
        type="email"
        value={to}
        onChange={setTyped}
        isRequired
        error={test.error instanceof ApiProblem ? test.error.at("/to") : undefined}
      />
      <ProblemNotice error={test.error} shownAt={["/to"]} />
      <DialogButtons>
        <Button onPress={onClose}>{strings.common.cancel}</Button>
        <Button kind="primary" type="submit" isPending={test.isPending}>
          {t.test}
        </Button>
      </DialogButtons>
    </Form>
  );
}
