export { useAttend } from './attention'
export * from './hooks'
export { isRunning, type LiveUsage } from './live'
export { type AskOptions, question, type ReadCommand, useAction, useAsk } from './queries'
