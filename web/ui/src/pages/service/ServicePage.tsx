import { Title } from '@mantine/core';

export function ServicePage() {
  return <Title order={1}>ServicePage</Title>;
}
