import { Title } from '@mantine/core';

export function MapPage() {
  return <Title order={1}>MapPage</Title>;
}
