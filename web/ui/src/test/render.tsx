import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  RouterProvider,
} from '@tanstack/react-router';
import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { createQueryClient } from '../api/queries';
import { type Language, startI18n } from '../i18n';
import { parseQuery, writeQuery } from '../lib/url';
import { theme } from '../theme/theme';

/** Renders one element as the page at path, with everything around it that a page has. */
export async function renderAt(element: ReactNode, { path = '/traces', language = 'en' as Language } = {}) {
  startI18n(language);
  const root = createRootRoute({ component: Outlet });
  const page = createRoute({ getParentRoute: () => root, path: '/$', component: () => element });
  const router = createRouter({
    routeTree: root.addChildren([page]),
    history: createMemoryHistory({ initialEntries: [path] }),
    parseSearch: parseQuery,
    stringifySearch: writeQuery,
  });
  const client = createQueryClient();
  client.setDefaultOptions({ queries: { retry: false } });
  const view = render(
    <QueryClientProvider client={client}>
      <MantineProvider theme={theme} env="test">
        <RouterProvider router={router as never} />
      </MantineProvider>
    </QueryClientProvider>,
  );
  await router.load();
  return { ...view, router, client };
}

/** Answers fetch by path; what is not listed is a 404 problem. Returns the requests made. */
export function serve(answers: Record<string, unknown | ((request: Request) => Response)>): Request[] {
  const requests: Request[] = [];
  globalThis.fetch = (async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    requests.push(request);
    const answer = answers[`${request.method} ${new URL(request.url).pathname}`];
    if (typeof answer === 'function') return answer(request);
    return answer === undefined ? problem(404, 'not found') : Response.json(answer);
  }) as typeof fetch;
  return requests;
}

export const problem = (status: number, title: string) =>
  new Response(JSON.stringify({ type: 'urn:weft:problem:test', title, status, requestId: 'r-1' }), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  });
