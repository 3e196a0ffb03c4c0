import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  DialogTrigger,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { navigation } from './pages'
import { paths } from './paths'

const useStyles = makeStyles({
  list: {
    display: 'grid',
    gridTemplateColumns: 'max-content 1fr',
    gap: tokens.spacingVerticalS,
    columnGap: tokens.spacingHorizontalXL,
    margin: 0,
  },
  what: { margin: 0 },
  keys: {
    fontFamily: tokens.fontFamilyMonospace,
    padding: '2px 8px',
    borderRadius: tokens.borderRadiusSmall,
    backgroundColor: tokens.colorNeutralBackground3,
  },
})

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName))
  )
}

/** The few shortcuts: Ctrl F searches, Ctrl N adds, Alt 1… goes to a page, ? shows them. */
export function Shortcuts() {
  const styles = useStyles()
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [open, setOpen] = useState(false)
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (document.querySelector('[role=dialog],[role=alertdialog]')) return
      const command = event.ctrlKey || event.metaKey
      if (command && event.key.toLowerCase() === 'f') {
        const box = document.querySelector<HTMLInputElement>('main input[type=search]')
        if (box) {
          event.preventDefault()
          box.focus()
          box.select()
        }
      } else if (command && event.key.toLowerCase() === 'n') {
        event.preventDefault()
        navigate(paths.addRuntime())
      } else if (event.altKey && /^[1-9]$/.test(event.key)) {
        const entry = navigation[Number(event.key) - 1]
        if (entry) {
          event.preventDefault()
          navigate(entry.to)
        }
      } else if (event.key === '?' && !isTyping(event.target)) {
        event.preventDefault()
        setOpen(true)
      }
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [navigate])
  const rows = [
    ['Ctrl F', t('shortcuts.search')],
    ['Ctrl N', t('shortcuts.add')],
    [`Alt 1 … ${navigation.length}`, t('shortcuts.go')],
    ['?', t('shortcuts.help')],
  ]
  return (
    <Dialog open={open} onOpenChange={(_, data) => setOpen(data.open)}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t('shortcuts.heading')}</DialogTitle>
          <DialogContent>
            <dl className={styles.list}>
              {rows.map(([keys, what]) => [
                <dt key={`${keys} keys`}>
                  <kbd className={styles.keys}>{keys}</kbd>
                </dt>,
                <dd key={`${keys} what`} className={styles.what}>
                  {what}
                </dd>,
              ])}
            </dl>
          </DialogContent>
          <DialogActions fluid>
            <DialogTrigger disableButtonEnhancement>
              <Button>{t('shortcuts.close')}</Button>
            </DialogTrigger>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
