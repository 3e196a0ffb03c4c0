import { Button } from '@fluentui/react-components'
import { Open16Regular } from '@fluentui/react-icons'
import { useTranslation } from 'react-i18next'
import { openInCode, problemOf, showInFolder } from '../../backend'
import { useNotify } from '../../components/notify'
import { useFlowPage } from './page'

/** Opens the flow's folder in VS Code, else in the file manager. */
export function OpenInCode() {
  const { t } = useTranslation('flow')
  const notify = useNotify()
  const { flow, folder, name } = useFlowPage().view
  const show = () =>
    showInFolder(flow).catch((error) => notify.problem(problemOf(error), t('code.notShown')))
  const open = async () => {
    try {
      await openInCode(folder)
      // The system takes the address without telling whether anything came of it.
      notify.show({
        intent: 'info',
        title: t('code.asked', { name }),
        body: t('code.ifNot'),
        action: { label: t('code.show'), run: show },
      })
    } catch {
      notify.show({ intent: 'warning', title: t('code.nothing'), body: t('code.instead') })
      await show()
    }
  }
  return (
    <Button size="small" appearance="subtle" icon={<Open16Regular />} onClick={open}>
      {t('code.open')}
    </Button>
  )
}
