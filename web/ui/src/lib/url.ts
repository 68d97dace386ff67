/** Query strings as people read them: flat, repeated for lists, defaults left out. Not the router's JSON. */
export type RawSearch = Record<string, string | string[]>;

export function parseQuery(text: string): RawSearch {
  const result: RawSearch = {};
  for (const [key, value] of new URLSearchParams(text)) {
    const before = result[key];
    if (before === undefined) result[key] = value;
    else result[key] = [...(typeof before === 'string' ? [before] : before), value];
  }
  return result;
}

// What may stand in a query unescaped and reads better so.
const READABLE: Record<string, string> = { '%3A': ':', '%2F': '/', '%40': '@', '%2C': ',', '%21': '!' };

export function writeQuery(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== '' && one !== false) params.append(key, String(one));
    }
  }
  const text = params.toString().replace(/%(3A|2F|40|2C|21)/g, (code) => READABLE[code] ?? code);
  return text === '' ? '' : `?${text}`;
}

export const first = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0];

export const all = (value: string | string[] | undefined): string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;
