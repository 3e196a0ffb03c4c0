import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Menu,
  MenuButton,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { Copy20Regular } from '@fluentui/react-icons'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { copyText, problemOf } from '../../backend'
import type { FlowOutside, OutsideForm, OutsideRun } from '../../backend/types'
import { CopyButton } from '../../components/CopyButton'
import { useNotify } from '../../components/notify'
import { Pre } from '../../components/Pre'
import { useAction } from '../../state'

const FORMS: readonly OutsideForm[] = ['curl', 'python', 'pf']

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalS },
  notes: { margin: 0, paddingInlineStart: tokens.spacingHorizontalL },
  text: { maxHeight: '320px', overflow: 'auto' },
  tools: { alignSelf: 'flex-end' },
})

/** What was copied, and what has to be known before it is used. */
function Copied({
  form,
  outside,
  copied,
  onClose,
}: {
  form: OutsideForm
  outside: FlowOutside
  copied: boolean
  onClose: () => void
}) {
  const styles = useStyles()
  const { t } = useTranslation('flow')
  const name = t(`copyAs.form.${form}`)
  return (
    <Dialog open onOpenChange={(_, { open }) => (open ? undefined : onClose())}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>
            {t(copied ? 'copyAs.title' : 'copyAs.notCopied', { form: name })}
          </DialogTitle>
          <DialogContent className={styles.content}>
            <ul className={styles.notes}>
              {outside.notes.map((note) => (
                <li key={note}>{note}</li>
              ))}
            </ul>
            <section
              className={styles.text}
              aria-label={t('copyAs.label', { form: name })}
              // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard has to reach what scrolls
              tabIndex={0}
            >
              <Pre>{outside.text}</Pre>
            </section>
            <span className={styles.tools}>
              <CopyButton text={outside.text} name={t('copyAs.text')} />
            </span>
          </DialogContent>
          <DialogActions fluid>
            <Button appearance="primary" onClick={onClose}>
              {t('copyAs.close')}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}

/**
 * Copies a run as it is done from outside. `of` = the run to copy, `null` = none just now; `wholeFlow` = it is
 * no run of one node, which `pf` cannot be told.
 */
export function CopyAs({
  of,
  wholeFlow,
  ofRun = false,
}: {
  of: () => Promise<OutsideRun | null>
  wholeFlow: boolean
  /** It stands beside a run that was. */
  ofRun?: boolean
}) {
  const { t } = useTranslation('flow')
  const notify = useNotify()
  const ask = useAction('flow_outside')
  const [shown, setShown] = useState<{
    form: OutsideForm
    outside: FlowOutside
    copied: boolean
  } | null>(null)
  const copy = async (form: OutsideForm) => {
    try {
      const run = await of()
      if (run === null) return
      const outside = await ask.mutateAsync({ of: run, form })
      const copied = await copyText(outside.text).then(
        () => true,
        () => false,
      )
      setShown({ form, outside, copied })
    } catch (error) {
      notify.problem(problemOf(error), t('copyAs.failed'))
    }
  }
  return (
    <>
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <MenuButton
            appearance={ofRun ? 'subtle' : 'secondary'}
            size={ofRun ? 'small' : 'medium'}
            icon={<Copy20Regular />}
            disabledFocusable={ask.isPending}
          >
            {t(ofRun ? 'copyAs.menuOfRun' : 'copyAs.menu')}
          </MenuButton>
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            {FORMS.filter((form) => wholeFlow || form !== 'pf').map((form) => (
              <MenuItem key={form} onClick={() => copy(form)}>
                {t(`copyAs.form.${form}`)}
              </MenuItem>
            ))}
          </MenuList>
        </MenuPopover>
      </Menu>
      {shown ? <Copied {...shown} onClose={() => setShown(null)} /> : null}
    </>
  )
}
