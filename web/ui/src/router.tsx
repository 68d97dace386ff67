import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { basePath } from './api/client';
import { NotFound } from './components/NotFound';
import { PageError } from './components/PageError';
import { Shell } from './components/Shell';
import { SEARCH } from './lib/trace-search';
import { TRACE } from './lib/trace-view';
import { parseQuery, type RawSearch, writeQuery } from './lib/url';
import { type Fields, readView, type View } from './lib/view';
import { COMPARE } from './pages/compare/view';
import { FUNCTION, FUNCTIONS } from './pages/functions/view';
import { LOGS } from './pages/logs/view';
import { MAP } from './pages/map/view';
import { OVERVIEW } from './pages/overview/view';
import { SERVICE } from './pages/service/view';

const rootRoute = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: PageError,
});

const getParentRoute = () => rootRoute;

/** What a page's address means, as typed links to it give it. */
const reads =
  <F extends Fields>(view: View<F>) =>
  (raw: RawSearch) =>
    readView(view, raw, Date.now()).state;

const pages = [
  createRoute({
    getParentRoute,
    path: '/',
    validateSearch: reads(OVERVIEW),
    staticData: { ranged: true },
    component: lazyRouteComponent(() => import('./pages/overview/OverviewPage'), 'OverviewPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/map',
    validateSearch: reads(MAP),
    staticData: { ranged: true },
    component: lazyRouteComponent(() => import('./pages/map/MapPage'), 'MapPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/functions',
    validateSearch: reads(FUNCTIONS),
    staticData: { ranged: true },
    component: lazyRouteComponent(() => import('./pages/functions/FunctionsPage'), 'FunctionsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/functions/$name',
    validateSearch: reads(FUNCTION),
    staticData: { ranged: true },
    component: lazyRouteComponent(() => import('./pages/functions/FunctionPage'), 'FunctionPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/services/$name',
    validateSearch: reads(SERVICE),
    staticData: { ranged: true },
    component: lazyRouteComponent(() => import('./pages/service/ServicePage'), 'ServicePage'),
  }),
  createRoute({
    getParentRoute,
    path: '/traces',
    validateSearch: reads(SEARCH),
    staticData: { ranged: true },
    component: lazyRouteComponent(() => import('./pages/search/SearchPage'), 'SearchPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/trace/$traceId',
    validateSearch: reads(TRACE),
    component: lazyRouteComponent(() => import('./pages/trace/TracePage'), 'TracePage'),
  }),
  createRoute({
    getParentRoute,
    path: '/file',
    component: lazyRouteComponent(() => import('./pages/file/FilePage'), 'FilePage'),
  }),
  createRoute({
    getParentRoute,
    path: '/file/$traceId',
    validateSearch: reads(TRACE),
    component: lazyRouteComponent(() => import('./pages/file/FileTracePage'), 'FileTracePage'),
  }),
  createRoute({
    getParentRoute,
    path: '/compare',
    validateSearch: reads(COMPARE),
    component: lazyRouteComponent(() => import('./pages/compare/ComparePage'), 'ComparePage'),
  }),
  createRoute({
    getParentRoute,
    path: '/logs',
    validateSearch: reads(LOGS),
    staticData: { ranged: true },
    component: lazyRouteComponent(() => import('./pages/logs/LogsPage'), 'LogsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/settings',
    component: lazyRouteComponent(() => import('./pages/settings/SettingsPage'), 'SettingsPage'),
  }),
] as const;

export const createAppRouter = () =>
  createRouter({
    routeTree: rootRoute.addChildren(pages),
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
  interface StaticDataRouteOption {
    /** The page shows what happened in the time range of its address. */
    ranged?: boolean;
  }
}
