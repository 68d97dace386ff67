import './theme';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createQueryClient } from './api/queries';
import { startI18n } from './i18n';
import { createAppRouter } from './router';
import { ThemeProvider } from './theme/ThemeProvider';

startI18n();

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={createQueryClient()}>
        <ThemeProvider>
          <RouterProvider router={createAppRouter()} />
        </ThemeProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}
