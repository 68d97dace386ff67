type Preference = 'language' | 'theme' | 'column' | 'panel' | 'shortcuts' | 'facets' | 'views';

/** Layout choices of this browser. Storage may be blocked; then defaults hold and nothing breaks. */
export function readPreference(name: Preference): string | null {
  try {
    return localStorage.getItem(`weft.${name}`);
  } catch {
    return null;
  }
}

export function writePreference(name: Preference, value: string): void {
  try {
    localStorage.setItem(`weft.${name}`, value);
  } catch {
    // A choice that cannot be kept still holds until the page is closed.
  }
}
