export { formatBytes, formatRate } from './bytes'
export { formatCount, formatDifference, formatMeasure } from './number'
export { cutMiddle, formatPercent, shortDigest } from './text'
export {
  formatAge,
  formatClock,
  formatDay,
  formatDuration,
  formatExact,
  formatMoment,
  formatPast,
  formatRelative,
} from './time'
