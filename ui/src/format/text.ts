/** The first 12 characters of a digest's hash, without the algorithm: `ab12cd34ef56`. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12)
}

/** Cuts a long text in the middle so that both ends stay readable. */
export function cutMiddle(text: string, length: number): string {
  if (text.length <= length) return text
  const end = Math.floor((length - 1) / 2)
  return `${text.slice(0, length - 1 - end)}…${text.slice(text.length - end)}`
}

/** CPU use, `3 %`; 200 % are two whole CPUs. */
export function formatPercent(percent: number): string {
  if (!Number.isFinite(percent)) return '–'
  return `${percent > 0 && percent < 1 ? '<1' : Math.round(percent)} %`
}
