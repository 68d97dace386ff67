import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { basePath } from './api/client';
import { NotFound } from './components/NotFound';
import { PageError } from './components/PageError';
import { Shell } from './components/Shell';
import { readTraceSearch } from './lib/trace-search';
import { readTraceView } from './lib/trace-view';
import { parseQuery, type RawSearch, writeQuery } from './lib/url';

const rootRoute = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: PageError,
});

const indexRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/traces', replace: true });
  },
});

export const tracesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/traces',
  validateSearch: (raw: RawSearch) => readTraceSearch(raw, Date.now()).search,
  component: lazyRouteComponent(() => import('./pages/search/SearchPage'), 'SearchPage'),
});

export const traceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/trace/$traceId',
  validateSearch: (raw: RawSearch) => readTraceView(raw).view,
  component: lazyRouteComponent(() => import('./pages/trace/TracePage'), 'TracePage'),
});

export const createAppRouter = () =>
  createRouter({
    routeTree: rootRoute.addChildren([indexRoute, tracesRoute, traceRoute]),
    basepath: basePath() || '/',
    defaultPreload: 'intent',
    defaultErrorComponent: PageError,
    // Addresses are flat text, see lib/url.ts. What a page cannot read it drops, and says so.
    parseSearch: parseQuery,
    stringifySearch: writeQuery,
  });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
