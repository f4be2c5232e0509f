import { useState } from "react";
import { useAccount, type Account } from "../../api/accounts";
import { ApiProblem } from "../../api/problem";
import type { Template, useNewestVersion } from "../../api/templates";
import { FILES_LIMIT } from "../../api/uploading";
import { RichText } from "../../editor";
import { useFormat } from "../../i18n/format";
import { useStrings } from "../../integration/context";
import { Button } from "../../ui/Button";
import { DateTimeField } from "../../ui/DateTimeField";
import { AlertDialog } from "../../ui/Dialog";
import { Switch } from "../../ui/Checkbox";
import { Form } from "../../ui/Form";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { Select } from "../../ui/Select";
import { TextField } from "../../ui/TextField";
import { Skeleton } from "../../ui/Waiting";
import { AttachmentsField } from "./AttachmentsField";
import { DropArea } from "./DropArea";
import { isEmpty, mistakesOf, type Mistake } from "./draft";
import { DryRun } from "./DryRun";
import { Options } from "./Options";
import { Recipients } from "./Recipients";
import { TemplateFields } from "./TemplateFields";
import type { Compose } from "./useCompose";
import { useFiles } from "./useFiles";
import styles from "./compose.module.css";

interface Props {
  compose: Compose;
  accounts: Account[];
  /** Those that can be sent; null while they load. */
  templates: Template[] | null;
  version: ReturnType<typeof useNewestVersion> | null;
  onReset: () => void;
}

const SHOWN = [
  "/account",
  "/from",
  "/to",
  "/cc",
  "/bcc",
  "/subject",
  "/html",
  "/text",
  "/template",
  "/attachments",
  "/send_at",
  "/unsubscribe",
  "/signature",
];

export function ComposeForm({ compose, accounts, templates, version, onReset }: Props) {
  const { common, compose: t } = useStrings();
  const { size } = useFormat();
  const { draft, change, error, phase } = compose;
  const files = useFiles(draft.files, change);
  const detail = useAccount(draft.account).data;
  const variables = version?.data?.variables ?? [];
  const [tried, setTried] = useState(false);
  const [asked, setAsked] = useState(false);
  const [previewing, setPreviewing] = useState(false);
  // When the clock was looked at: a time that was still to come then may have passed when it is sent.
  const [now, setNow] = useState(() => Date.now());
  const mistakes = mistakesOf(draft, variables, FILES_LIMIT, now);
  const says: Record<Mistake, string> = {
    recipient: t.needsRecipient,
    address: "", // at its chip
    body: t.needsBody,
    template: t.needsTemplate,
    time: t.needsTime,
    past: common.timePassed,
    uploading: t.waitForUploads,
    failed: t.failedUploads,
    size: t.tooLarge(size(FILES_LIMIT)),
    list: t.variable.badList,
  };
  const wrong = (pointer: string): string | undefined => {
    const mistake = mistakes[pointer];
    if (mistake && (tried || mistake === "size")) return says[mistake] || undefined;
    return error instanceof ApiProblem ? error.at(pointer) : undefined;
  };
  const ready = (): boolean => {
    const at = Date.now();
    setTried(true);
    setNow(at);
    return !Object.keys(mistakesOf(draft, variables, FILES_LIMIT, at)).length;
  };
  const isDisabled = phase === "uncertain" || phase === "again";
  const aliases = (detail?.aliases ?? []).map(({ email, name }) => ({
    id: email,
    label: name ? `${name} <${email}>` : email,
  }));
  const own = accounts.find((one) => one.id === draft.account)?.email ?? "";
  return (
    <DropArea onFiles={isDisabled ? () => undefined : files.attach}>
      <Form
        className={styles["form"]}
        inert={isDisabled}
        isPending={phase !== "writing"}
        onSubmit={() => (ready() ? compose.send(variables) : undefined)}
      >
        {draft.inReplyTo && (
          <p className={styles["reply"]}>
            {t.reply}: “{draft.inReplyTo.subject || t.noSubject}”
          </p>
        )}
        <div className={styles["pair"]}>
          <Select
            label={t.account}
            options={accounts.map(({ id, email }) => ({ id, label: email }))}
            value={draft.account}
            onChange={(account) => change({ account, from: null })}
            error={wrong("/account")}
          />
          <Select
            label={t.from}
            options={aliases.length ? aliases : [{ id: own, label: own }]}
            value={draft.from ?? own}
            onChange={(from) => change({ from: from === own ? null : from })}
            error={wrong("/from")}
          />
        </div>
        <Recipients draft={draft} onChange={change} error={wrong} />
        <TextField
          label={t.subject}
          hint={draft.kind === "template" ? t.subjectHintTemplate : draft.inReplyTo ? t.subjectHintReply : undefined}
          value={draft.subject}
          onChange={(subject) => change({ subject })}
          error={wrong("/subject")}
          maxLength={998}
        />
        <Select
          label={t.kind}
          options={(["html", "text", "template"] as const).map((id) => ({ id, label: t.kinds[id] }))}
          value={draft.kind}
          onChange={(kind) => change({ kind })}
        />
        {draft.kind === "html" &&
          (files.pending ? (
            <Skeleton lines={6} />
          ) : (
            <RichText
              label={t.body}
              placeholder={t.bodyPlaceholder}
              value={draft.html}
              onChange={(html, htmlText) => change({ html, htmlText })}
              onPicture={files.embed}
              onFiles={files.attach}
              showPicture={files.picture}
              error={wrong("/html")}
            />
          ))}
        {draft.kind === "text" && (
          <TextField
            label={t.body}
            rows={12}
            value={draft.text}
            onChange={(text) => change({ text })}
            error={wrong("/text")}
          />
        )}
        {draft.kind === "template" && (
          <TemplateFields draft={draft} onChange={change} templates={templates} version={version} error={wrong} />
        )}
        <AttachmentsField draft={draft} files={files} error={wrong("/attachments")} />
        <Options
          draft={draft}
          onChange={change}
          tracking={detail?.tracking ?? null}
          canRead={detail?.capabilities.read ?? false}
          error={wrong}
        />
        <div className={styles["later"]}>
          <Switch isSelected={draft.later} onChange={(later) => change({ later })}>
            {t.schedule}
          </Switch>
          {draft.later && (
            <DateTimeField
              label={t.sendAt}
              value={draft.sendAt}
              onChange={(sendAt) => {
                setNow(Date.now());
                change({ sendAt });
              }}
              future
              error={wrong("/send_at")}
            />
          )}
        </div>
        {!isDisabled && <ProblemNotice error={error} shownAt={SHOWN} />}
        <div className={styles["bar"]}>
          <Button kind="plain" isDisabled={isEmpty(draft)} onPress={() => setAsked(true)}>
            {t.discard}
          </Button>
          <Button onPress={() => ready() && setPreviewing(true)}>{t.preview}</Button>
          <Button kind="primary" type="submit">
            {phase === "asking" ? t.sending : draft.later ? t.scheduleIt : t.send}
          </Button>
        </div>
        {asked && (
          <AlertDialog
            title={t.discardTitle}
            onClose={() => setAsked(false)}
            keep={t.keep}
            confirm={t.discard}
            onConfirm={() => {
              setAsked(false);
              onReset();
            }}
          >
            <p>{t.discardText}</p>
          </AlertDialog>
        )}
        {previewing && <DryRun draft={draft} variables={variables} onClose={() => setPreviewing(false)} />}
      </Form>
    </DropArea>
  );
}
