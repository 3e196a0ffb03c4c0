import { tokens } from '@fluentui/react-components'

/** The product's mark. */
export function Mark() {
  return (
    <svg width="24" height="24" viewBox="0 0 512 512" aria-hidden="true" focusable="false">
      <rect x="24" y="24" width="464" height="464" rx="112" fill={tokens.colorBrandBackground} />
      <path
        d="M256 108 388 182 388 330 256 404 124 330 124 182Z"
        fill="none"
        stroke={tokens.colorNeutralForegroundOnBrand}
        strokeWidth="32"
        strokeLinejoin="round"
      />
      <path d="M224 192 320 256 224 320Z" fill={tokens.colorNeutralForegroundOnBrand} />
    </svg>
  )
}
