export { type CommandName, call, type Request, type Response } from './call'
export { copyText, onDropped, openUrl } from './desktop'
export { ProblemError, problemOf } from './problem'
export { type Follow, followBuild, followFlowRun, followLog, watch } from './streams'
