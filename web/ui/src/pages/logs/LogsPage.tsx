import { Title } from '@mantine/core';

export function LogsPage() {
  return <Title order={1}>LogsPage</Title>;
}
