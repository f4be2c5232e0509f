import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useIntegration } from "../integration/context";
import { answer, type ApiClient } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Template = Schemas["Template"];
export type WrittenTemplate = Schemas["WrittenTemplate"];
export type TemplateKind = Schemas["TemplateKind"];
export type TemplateVersion = Schemas["TemplateVersion"];
export type TemplatePreview = Schemas["TemplatePreview"];
export type TemplateRequest = Schemas["TemplateRequest"];
export type TemplateVariable = Schemas["TemplateVariable"];

const MOST = 500; // entries on a page, of the API

export const templateKeys = {
  all: ["templates"] as const,
  list: (kind: TemplateKind | null, archived: boolean) => ["templates", "list", kind, archived] as const,
  one: (id: string) => ["templates", "one", id] as const,
  versions: (id: string) => ["templates", "versions", id] as const,
  preview: (draft: unknown) => ["templates", "preview", draft] as const,
};

/** All templates of a kind (null: of both), newest first. */
export function useTemplates(kind: TemplateKind | null, archived = false) {
  const { api } = useIntegration();
  return useQuery({
    queryKey: templateKeys.list(kind, archived),
    queryFn: () =>
      everything(async (token) => {
        const query = {
          page_size: MOST,
          ...(kind ? { kind } : {}),
          ...(archived ? { archived: "true" as const } : {}),
          ...token,
        };
        const page = await answer(api.GET("/api/gmail/templates/", { params: { query } }));
        return [page.templates, page.next_page_token];
      }),
  });
}

export function useTemplate(id: string | null) {
  const { api } = useIntegration();
  return useQuery({
    queryKey: templateKeys.one(id ?? ""),
    enabled: id !== null,
    queryFn: () => answer(api.GET("/api/gmail/templates/{id}/", { params: { path: { id: id ?? "" } } })),
  });
}

/** Published versions, newest first. */
export function useTemplateVersions(id: string) {
  const { api } = useIntegration();
  return useQuery({
    queryKey: templateKeys.versions(id),
    queryFn: () =>
      everything(async (token) => {
        const params = { path: { id }, query: { page_size: MOST, ...token } };
        const page = await answer(api.GET("/api/gmail/templates/{id}/versions/", { params }));
        return [page.versions, page.next_page_token];
      }),
  });
}

/** The newest published version: what a send fills in. */
export function useNewestVersion(template: Pick<Template, "id" | "version"> | null) {
  const { api } = useIntegration();
  const id = template?.id ?? "";
  const version = template?.version ?? 0;
  return useQuery({
    queryKey: [...templateKeys.versions(id), version],
    enabled: version > 0,
    staleTime: Infinity, // a version never changes
    queryFn: () =>
      answer(
        api.GET("/api/gmail/templates/{id}/versions/{version}/", {
          params: { path: { id, version: String(version) } },
        }),
      ),
  });
}

/** The mail that a draft makes. What was shown last stays until the next is there. */
export function useTemplatePreview(draft: TemplateRequest) {
  const { api } = useIntegration();
  return useQuery({
    queryKey: templateKeys.preview(draft),
    gcTime: 0,
    retry: false,
    placeholderData: keepPreviousData,
    queryFn: () => answer(api.POST("/api/gmail/templates/preview/", { body: previewOf(draft) })),
  });
}

/** What a preview of a draft is asked with. */
export function previewOf(draft: TemplateRequest) {
  return { template: draft, variables: standIns(draft.variables ?? []) as Record<string, never> };
}

const STAND_INS = { string: "", number: 1, boolean: true, date: "2030-01-31", list: [] };

/** Values for what has neither sample nor fallback: a text says its own name. */
function standIns(variables: readonly TemplateVariable[]): Record<string, unknown> {
  const bare = variables.filter(({ sample, fallback }) => (sample ?? fallback ?? null) === null);
  return Object.fromEntries(bare.map(({ key, type }) => [key, STAND_INS[type ?? "string"] || key]));
}

/** A new template, or the draft of one that exists. */
export function useSaveTemplate(id: string | null) {
  const keep = useKeepTemplate();
  return useChange(
    (api, body: TemplateRequest) =>
      id === null
        ? api.POST("/api/gmail/templates/", { body })
        : api.PUT("/api/gmail/templates/{id}/", { params: { path: { id } }, body }),
    keep,
  );
}

export function usePublishTemplate() {
  const keep = useKeepTemplate();
  return useChange(
    (api, id: string) => api.POST("/api/gmail/templates/{id}/publish/", { params: { path: { id } } }),
    keep,
  );
}

/** As it is answered, it is there at once: a page that goes on with it does not wait. */
function useKeepTemplate() {
  const cache = useQueryClient();
  return (template: Template) => cache.setQueryData(templateKeys.one(template.id), template);
}

export function useDuplicateTemplate() {
  return useChange((api, id: string) => api.POST("/api/gmail/templates/{id}/duplicate/", { params: { path: { id } } }));
}

export function useArchiveTemplate() {
  return useChange((api, { id, archived }: { id: string; archived: boolean }) =>
    archived
      ? api.POST("/api/gmail/templates/{id}/archive/", { params: { path: { id } } })
      : api.POST("/api/gmail/templates/{id}/unarchive/", { params: { path: { id } } }),
  );
}

export function useDeleteTemplate() {
  return useChange((api, id: string) => api.DELETE("/api/gmail/templates/{id}/", { params: { path: { id } } }));
}

type Call<T> = Promise<{ data?: T; error?: unknown; response: Response }>;

function useChange<T, Given>(call: (api: ApiClient, given: Given) => Call<T>, keep?: (changed: T) => void) {
  const { api } = useIntegration();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (given: Given) => answer(call(api, given)),
    onSuccess: (changed) => keep?.(changed),
    onSettled: () => cache.invalidateQueries({ queryKey: templateKeys.all }),
  });
}

/** Goes through all pages. */
async function everything<T>(page: (token: { page_token?: string }) => Promise<[T[], string | null]>): Promise<T[]> {
  const found: T[] = [];
  let token: string | null = "";
  while (token !== null) {
    const [entries, next]: [T[], string | null] = await page(token ? { page_token: token } : {});
    found.push(...entries);
    token = next;
  }
  return found;
}
