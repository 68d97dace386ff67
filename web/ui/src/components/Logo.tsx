/** The mark: threads that cross over and under. */
export function Logo() {
  return (
    <svg width="22" height="22" viewBox="0 0 24 24" aria-hidden="true">
      <rect width="24" height="24" rx="5" fill="#0b6b70" />
      <g stroke="#fff" strokeWidth="2.2" strokeLinecap="round" fill="none">
        <path d="M4.5 8.5H6M10 8.5h9.5M4.5 15.5H14M18 15.5h1.5" />
        <path d="M8 4.5V14M8 18v1.5M16 4.5V6M16 10v9.5" strokeOpacity="0.72" />
      </g>
    </svg>
  );
}
