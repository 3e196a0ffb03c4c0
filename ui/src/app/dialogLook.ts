import {
  type DialogBodyState,
  type DialogContentState,
  type DialogSurfaceState,
  type FluentProviderProps,
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

/** What every dialog of the window has beyond Fluent's own look: it keeps away from the window's edges. */
export const dialogLook: NonNullable<FluentProviderProps['customStyleHooks_unstable']> = {
  useDialogSurfaceStyles_unstable,
  useDialogContentStyles_unstable,
  useDialogBodyStyles_unstable,
}
