import { describe, expect, it } from 'vitest'
import {
  cutMiddle,
  formatAge,
  formatBytes,
  formatCount,
  formatDifference,
  formatDuration,
  formatExact,
  formatMeasure,
  formatPast,
  formatPercent,
  formatRate,
  formatRelative,
  shortDigest,
} from '.'

describe('sizes', () => {
  it('are binary and short', () => {
    expect(formatBytes(0)).toBe('0 B')
    expect(formatBytes(1023)).toBe('1023 B')
    expect(formatBytes(212 * 1024 ** 2)).toBe('212 MB')
    expect(formatBytes(1.44 * 1024 ** 3)).toBe('1.4 GB')
    expect(formatBytes(4 * 1024 ** 3)).toBe('4 GB')
    expect(formatBytes(1024 ** 3 - 1)).toBe('1 GB')
    expect(formatBytes(Number.NaN)).toBe('–')
  })

  it('make rates', () => {
    expect(formatRate(6.2 * 1024 ** 2)).toBe('6.2 MB/s')
  })
})

describe('times', () => {
  const now = Date.parse('2026-11-24T14:00:00Z')
  const secondsAgo = (seconds: number) => new Date(now - seconds * 1000).toISOString()

  it('are said as people say them', () => {
    expect(formatRelative(secondsAgo(3), now)).toBe('just now')
    expect(formatRelative(secondsAgo(50), now)).toBe('50 seconds ago')
    expect(formatRelative(secondsAgo(59.8), now)).toBe('1 minute ago')
    expect(formatRelative(secondsAgo(3 * 3600), now)).toBe('3 hours ago')
    expect(formatRelative(secondsAgo(9 * 86_400), now)).toBe('9 days ago')
    expect(formatRelative(secondsAgo(-7200), now)).toBe('in 2 hours')
    expect(formatRelative('nonsense', now)).toBe('–')
  })

  it('of what happened never lie in the future, even where the clock was set back', () => {
    expect(formatPast(secondsAgo(50), now)).toBe('50 seconds ago')
    expect(formatPast(secondsAgo(-3), now)).toBe('just now')
    expect(formatPast(secondsAgo(-7200), now)).toBe(formatExact(secondsAgo(-7200)))
    expect(formatPast('nonsense', now)).toBe('–')
    expect(formatDuration(-400)).toBe('0 ms')
  })

  it('have lengths', () => {
    expect(formatDuration(820)).toBe('820 ms')
    expect(formatDuration(1830)).toBe('1.8 s')
    expect(formatDuration(59_000)).toBe('59 s')
    expect(formatDuration(184_000)).toBe('3 min 4 s')
    expect(formatDuration(5 * 3_600_000 + 120_000)).toBe('5 h 2 min')
    expect(formatDuration(25 * 3_600_000)).toBe('1 day 1 h')
  })

  it('have ages', () => {
    expect(formatAge(0)).toBe('today')
    expect(formatAge(1)).toBe('1 day old')
    expect(formatAge(3)).toBe('3 days old')
  })
})

describe('numbers', () => {
  it('are grouped, and measured to four digits', () => {
    expect(formatCount(1_000_000)).toBe('1,000,000')
    expect(formatMeasure(0.812_52)).toBe('0.8125')
    expect(formatMeasure(961)).toBe('961')
  })

  it('differ with a sign', () => {
    expect(formatDifference(0.05)).toBe('+0.05')
    expect(formatDifference(-3)).toBe('−3')
    expect(formatDifference(0)).toBe('±0')
    expect(formatDifference(0.1 + 0.2 - 0.3)).toBe('±0')
  })
})

describe('texts', () => {
  it('are cut in the middle', () => {
    expect(cutMiddle('short', 10)).toBe('short')
    expect(cutMiddle('registry.example.com/team/runtime:stable', 20)).toBe('registry.e…me:stable')
    expect(cutMiddle('registry.example.com/team/runtime:stable', 20)).toHaveLength(20)
  })

  it('show twelve characters of a digest', () => {
    expect(shortDigest('sha256:ab12cd34ef56ab12')).toBe('ab12cd34ef56')
  })

  it('show small use as less than one percent', () => {
    expect(formatPercent(0)).toBe('0 %')
    expect(formatPercent(0.4)).toBe('<1 %')
    expect(formatPercent(203.6)).toBe('204 %')
  })
})
