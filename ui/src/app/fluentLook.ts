import {
  type DialogBodyState,
  type DialogContentState,
  type DialogSurfaceState,
  type FluentProviderProps,
  type MessageBarActionsState,
  makeStyles,
  mergeClasses,
  tokens,
} from '@fluentui/react-components'

/** Smaller windows are filled by a dialog, as Fluent does it. */
const NOT_TINY = '@media screen and (min-width: 481px) and (min-height: 360px)'

/** Between a dialog and the window's edges. */
const MARGIN = tokens.spacingHorizontalXXL

const useStyles = makeStyles({
  surface: {
    [NOT_TINY]: {
      top: MARGIN,
      bottom: MARGIN,
      left: MARGIN,
      right: MARGIN,
      maxHeight: `calc(100vh - 2 * ${MARGIN})`,
    },
  },
  // What is at the end of a form does not touch the buttons.
  content: { paddingBottom: tokens.spacingVerticalM },
  barActions: { flexWrap: 'wrap', rowGap: tokens.spacingVerticalXS },
  body: {
    // Less what the surface has around it: its padding and its line.
    [NOT_TINY]: { maxHeight: `calc(100vh - 4 * ${MARGIN} - 2 * ${tokens.strokeWidthThin})` },
  },
})

function useDialogSurfaceStyles_unstable(state: unknown): void {
  const { root } = state as DialogSurfaceState
  root.className = mergeClasses(root.className, useStyles().surface)
}

function useDialogContentStyles_unstable(state: unknown): void {
  const { root } = state as DialogContentState
  root.className = mergeClasses(root.className, useStyles().content)
}

function useDialogBodyStyles_unstable(state: unknown): void {
  const { root } = state as DialogBodyState
  root.className = mergeClasses(root.className, useStyles().body)
}

function useMessageBarActionsStyles_unstable(state: unknown): void {
  const { root, layout } = state as MessageBarActionsState
  const { barActions } = useStyles()
  // In a bar of one line they have to be as long as they are: it becomes a bar of several where they do not fit.
  root.className = mergeClasses(root.className, layout === 'multiline' && barActions)
}

/**
 * What the window has beyond Fluent's own look: a dialog keeps away from the window's edges, and the buttons of a
 * bar stand below each other where there is no room.
 */
export const fluentLook: NonNullable<FluentProviderProps['customStyleHooks_unstable']> = {
  useDialogSurfaceStyles_unstable,
  useDialogContentStyles_unstable,
  useDialogBodyStyles_unstable,
  useMessageBarActionsStyles_unstable,
}
