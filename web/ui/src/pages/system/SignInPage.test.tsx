import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import { problem, renderAt, serve } from '../../test/render';
import { SignInPage } from './SignInPage';

const session = { authRequired: true, signedIn: true, name: 'ops', scopes: ['query'] };

async function submit(token: string) {
  await userEvent.type(screen.getByLabelText('Access token'), token);
  await userEvent.click(screen.getByRole('button', { name: 'Sign in' }));
}

it('sends the token once and forgets it', async () => {
  const requests = serve({ 'POST /api/v1/session': session });
  await renderAt(<SignInPage />);
  await submit(' weft_secret ');
  await waitFor(() => expect(screen.getByLabelText<HTMLInputElement>('Access token').value).toBe(''));
  expect(await requests[0]?.json()).toEqual({ token: 'weft_secret' });
});

for (const [status, text] of [
  [401, 'The token was not accepted.'],
  [403, 'The token is valid but may not query.'],
] as const) {
  it(`says what ${status} means`, async () => {
    serve({ 'POST /api/v1/session': () => problem(status, 'refused') });
    await renderAt(<SignInPage />);
    await submit('wrong');
    expect(await screen.findByText(text)).toBeTruthy();
  });
}

it('says when nobody answers', async () => {
  serve({
    'POST /api/v1/session': () => {
      throw new TypeError('fetch failed');
    },
  });
  await renderAt(<SignInPage />);
  await submit('any');
  expect(await screen.findByText('The server does not answer.')).toBeTruthy();
});
