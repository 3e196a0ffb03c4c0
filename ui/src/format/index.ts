export { formatBytes, formatRate } from './bytes'
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
