import type { Template, TemplateKind, TemplateRequest, TemplateVersion } from "../../api/templates";
import { textOfValue, valueOfText, type VariableType } from "./values";

export interface VariableDraft {
  key: string;
  type: VariableType;
  required: boolean;
  /** As they stand in their fields; "" for none. */
  fallback: string;
  sample: string;
}

/** A template while it is written: every field has a text. */
export interface Draft {
  kind: TemplateKind;
  name: string;
  subject: string;
  preheader: string;
  html: string;
  text: string;
  layout: string | null;
  variables: VariableDraft[];
}

export function emptyDraft(kind: TemplateKind): Draft {
  const html = kind === "layout" ? "{{ content }}" : "";
  return { kind, name: "", subject: "", preheader: "", html, text: "", layout: null, variables: [] };
}

export function emptyVariable(taken: readonly VariableDraft[]): VariableDraft {
  let number = taken.length + 1;
  while (taken.some(({ key }) => key === `variable_${number}`)) number += 1;
  return { key: `variable_${number}`, type: "string", required: true, fallback: "", sample: "" };
}

export function draftOf(template: Template): Draft {
  const { kind, name, layout } = template;
  return { kind, name, layout, ...contentsOf(template) };
}

/** What a version says, as the draft of its template. */
export function draftOfVersion(version: TemplateVersion, draft: Draft): Draft {
  return { ...draft, ...contentsOf(version), layout: version.layout?.id ?? null };
}

function contentsOf({
  subject,
  preheader,
  html,
  text,
  variables,
}: Pick<Template, "subject" | "preheader" | "html" | "text" | "variables">) {
  return {
    subject,
    preheader,
    html,
    text: text ?? "",
    variables: variables.map((variable) => ({
      key: variable.key,
      type: variable.type ?? ("string" as const),
      required: variable.required ?? true,
      fallback: textOfValue(variable.fallback),
      sample: textOfValue(variable.sample),
    })),
  };
}

/** What the API is told. A fallback or sample that means nothing goes as it was written: the API says what is wrong. */
export function requestOf(draft: Draft, untitled: string): TemplateRequest {
  const layout = draft.kind === "layout";
  return {
    name: draft.name.trim() || untitled,
    kind: draft.kind,
    html: draft.html,
    variables: draft.variables.map(({ key, type, required, fallback, sample }) => ({
      key,
      type,
      required,
      ...(fallback === "" ? {} : { fallback: valueOfText(type, fallback) ?? fallback }),
      ...(sample === "" ? {} : { sample: valueOfText(type, sample) ?? sample }),
    })),
    ...(layout
      ? {}
      : { subject: draft.subject, preheader: draft.preheader, text: draft.text || null, layout: draft.layout }),
  };
}
