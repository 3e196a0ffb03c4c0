export { type CommandName, call, type Request, type Response } from './call'
export {
  type Choice,
  choosePath,
  codeAddress,
  codeFileAddress,
  copyText,
  onDropped,
  openFileInCode,
  openInCode,
  openUrl,
  showInFolder,
} from './desktop'
export { ProblemError, problemOf } from './problem'
export { openLog, watch } from './streams'
