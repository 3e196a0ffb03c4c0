export { formatBytes, formatRate } from './bytes'
export { cutMiddle, formatPercent, shortDigest } from './text'
export { formatAge, formatClock, formatDuration, formatExact, formatRelative } from './time'
