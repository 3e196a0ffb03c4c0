export { type CommandName, call, type Request, type Response } from './call'
export { codeAddress, copyText, onDropped, openInCode, openUrl, showInFolder } from './desktop'
export { ProblemError, problemOf } from './problem'
export { type Follow, followBuild, followFlowRun, followLog, watch } from './streams'
